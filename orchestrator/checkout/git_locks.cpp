#include "orchestrator/checkout/git_locks.hpp"

#include <algorithm>

#include "base/files.hpp"
#include "base/text.hpp"

namespace slipway::checkout {

namespace fs = std::filesystem;

namespace {

/// Those of our commands that take locks, and those that they start. One that only reads may run for long beside them.
constexpr std::string_view kWriters[] = {"fetch", "update-ref", "gc", "pack-refs", "repack", "prune"};

bool is_from_server(std::string_view said) {
  return said.find("remote error:") != std::string_view::npos || said.find("remote:") != std::string_view::npos;
}

/// `words` are those of a command line, each ended by a NUL.
bool is_writer(std::string_view words) {
  return std::any_of(std::begin(kWriters), std::end(kWriters), [&](std::string_view verb) {
    return words.find('\0' + std::string(verb) + '\0') != std::string_view::npos;
  });
}

}  // namespace

fs::path taken_lock(std::string_view said, const std::vector<fs::path>& ours) {
  if (is_from_server(said)) return {};
  for (const fs::path& lock : ours) {
    const std::string words = "Unable to create '" + fs::absolute(lock).string() + "': File exists";
    if (said.find(words) != std::string_view::npos) return lock;
  }
  return {};
}

bool was_overtaken(std::string_view said) {
  return !is_from_server(said) && said.find("shallow file has changed since we read it") != std::string_view::npos;
}

bool git_writes_in(const fs::path& bare) {
  using namespace std::string_literals;
  const std::string directory = '\0' + "GIT_DIR="s + bare.string() + '\0';
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    if (!is_digit(entry.path().filename().string().front())) continue;
    const Result<std::string> words = read_file(entry.path() / "cmdline");
    if (!words || !is_writer(*words)) continue;
    const Result<std::string> environment = read_file(entry.path() / "environ");
    if (environment && ('\0' + *environment).find(directory) != std::string::npos) return true;
  }
  return false;
}

}  // namespace slipway::checkout
