#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::checkout {

/// Which of the lock files `ours` a failed git says is taken; empty: it failed by something else. Nothing but these
/// exact names is ever answered, as a server can make git say anything; words that git passes on from one ("remote: …",
/// "remote error: …") do not count at all.
std::filesystem::path taken_lock(std::string_view said, const std::vector<std::filesystem::path>& ours);

/// Whether a failed fetch says that another git ended one meanwhile, by git's own words as above.
bool was_overtaken(std::string_view said);

/// Whether any process, ours or one that a killed daemon left behind, runs a git command in that repository which may
/// hold lock files there. Linux: it reads /proc.
bool git_writes_in(const std::filesystem::path& bare);

}  // namespace slipway::checkout
