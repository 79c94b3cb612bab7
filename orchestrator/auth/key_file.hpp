#pragma once
#include <filesystem>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace slipway::auth {

/// The keys that encrypt secrets at rest: text, one key a line (64 hex digits for 32 bytes). The first one encrypts,
/// the others are older ones that still decrypt: a key is replaced by adding a line above it.
///
/// Made with one new key if there is no file. A file that others than its owner can read, that belongs to somebody
/// else, is a link, or holds anything but keys is Kind::invalid, with the way to mend it. Blocks.
Result<std::vector<Secret>> open_key_file(const std::filesystem::path& path);

}  // namespace slipway::auth
