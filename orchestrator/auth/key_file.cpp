#include "orchestrator/auth/key_file.hpp"

#include <cerrno>
#include <cstring>

#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "base/ids.hpp"

namespace slipway::auth {

namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kFileLimit = 64 << 10;

Error wrong(const std::filesystem::path& path, const std::string& what, const std::string& mend) {
  return {Error::Kind::invalid, "key file " + path.string() + " " + what, mend};
}

/// Nothing if there is no file.
Result<bool> check(const std::filesystem::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return false;
    return fail(wrong(path, std::string("can't be looked at: ") + std::strerror(errno), ""));
  }
  if (!S_ISREG(status.st_mode)) return fail(wrong(path, "is not a regular file", "put the file itself there"));
  if (status.st_uid != ::geteuid()) {
    return fail(wrong(path, "belongs to another user", "chown it to the user that slipwayd runs as"));
  }
  if ((status.st_mode & 077) != 0) {
    return fail(wrong(path, "can be read by others",
                      "chmod 600 " + path.string() + ", and set every secret anew if others may have read it"));
  }
  return true;
}

Result<std::vector<Secret>> parse(const std::filesystem::path& path, std::string_view text) {
  std::vector<Secret> keys;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    auto key = from_hex(line);
    if (!key || key->size() != kKeyBytes) {
      return fail(wrong(path, "has a line that is no key (64 hex digits)", "restore the file from a backup"));
    }
    keys.emplace_back(std::move(*key));
  }
  if (keys.empty())
    return fail(wrong(path, "is empty", "restore it from a backup; remove it only if nothing is encrypted yet"));
  return keys;
}

}  // namespace

Result<std::vector<Secret>> open_key_file(const std::filesystem::path& path) {
  const auto exists = check(path);
  if (!exists) return fail(exists.error());
  if (!*exists) {
    const Secret line(random_hex(kKeyBytes) + "\n");
    if (auto made = write_file(path, line.reveal(), 0600); !made) return fail(made.error().in("make the key file"));
  }
  auto text = read_file(path, kFileLimit);
  if (!text) return fail(text.error().in("read the key file"));
  const Secret held(std::move(*text));
  return parse(path, held.reveal());
}

}  // namespace slipway::auth
