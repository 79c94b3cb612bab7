#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slipway {

/// The whole file. More than `limit` bytes is Kind::too_large, a missing file Kind::not_found.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit = 64 << 20);

/// What an open file has from `offset` on: `count` bytes, fewer at its end. Keeps its position. A read that fails is
/// Kind::unavailable.
Result<std::string> read_at(int fd, std::uint64_t offset, std::size_t count);

/// Replaces `path` so that a crash leaves the old content or the new, never a part: written beside, fsynced, renamed,
/// the folder fsynced.
Result<void> write_file(const std::filesystem::path& path, std::string_view content, unsigned mode = 0644);

}  // namespace slipway
