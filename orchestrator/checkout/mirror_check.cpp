#include "orchestrator/checkout/mirror_check.hpp"

#include <fstream>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/log.hpp"

namespace slipway::checkout {
namespace {

namespace fs = std::filesystem;

/// Holds the boot_id. It is not brought to the disk either: where it is lost, the mirror is looked through once more.
fs::path mark_of(const fs::path& mirror) {
  return mirror / "slipway-boot";
}

}  // namespace

bool is_sound(const fs::path& mirror) {
  const std::string boot = boot_id();
  if (boot.empty()) return true;  // then nothing can be told
  const Result<std::string> seen = read_file(mark_of(mirror));
  return seen && *seen == boot;
}

void mark_sound(const fs::path& mirror) {
  std::ofstream(mark_of(mirror)) << boot_id();
}

awaitable<Result<void>> drop_if_damaged(const GitSettings& settings, fs::path mirror) {
  std::error_code code;
  if (!fs::exists(mirror, code) || is_sound(mirror)) co_return Result<void>();
  // Packs are left out, but for the commits and trees that loose objects and refs lead to.
  GitCommand look(settings, {"fsck", "--no-full", "--no-dangling", "--no-progress"});
  look.repository(mirror);
  const Result<std::string> sound = co_await look.run();
  if (sound) {
    mark_sound(mirror);
    co_return Result<void>();
  }
  log::warn("git mirror removed, to be fetched anew", {{"mirror", mirror.string()}, {"found", sound.error()}});
  fs::remove_all(mirror, code);
  if (code) co_return fail(Error::Kind::internal, mirror.string() + ": " + code.message());
  co_return Result<void>();
}

}  // namespace slipway::checkout
