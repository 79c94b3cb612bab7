#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/async_lock.hpp"
#include "base/process.hpp"
#include "base/secret.hpp"
#include "orchestrator/checkout/git_url.hpp"

namespace slipway::checkout {

/// How the daemon uses git. `folder` is owned: mirrors, and the one configuration file that git reads.
struct GitSettings {
  explicit GitSettings(std::filesystem::path owned) : folder(std::move(owned)) {}
  /// Where prepare_git puts `ca_file` together with the machine's CAs; empty if there is no `ca_file`.
  [[nodiscard]] std::filesystem::path ca_bundle() const {
    return ca_file.empty() ? std::filesystem::path() : folder / "ca.pem";
  }
  std::filesystem::path folder;
  UrlPolicy urls;
  std::filesystem::path ca_file;      ///< PEM, believed besides the machine's; read by prepare_git
  std::filesystem::path known_hosts;  ///< the only ssh hosts; empty: a host's first key is kept and must stay the same
  Duration deadline = std::chrono::minutes(5);  ///< for each git command
  std::uint64_t file_limit = 4ULL << 30;        ///< bytes of any one file git writes, so of a fetched pack, too
  /// One for each mirror in `folder`, by its path: two exports of a project have each a Repository of their own for a
  /// submodule's, and git's own lock files make two fetches fail, not queue. Copies share them, as they share the
  /// folder.
  std::shared_ptr<AsyncLocks> locks = std::make_shared<AsyncLocks>();
};

/// For one server; used for nothing but the origin of the project's own URL, so a submodule elsewhere gets none.
struct GitCredentials {
  std::string username;  ///< with `password`, for https; empty: "git"
  Secret password;       ///< or a token
  Secret ssh_key;        ///< a private key in OpenSSH or PEM form
  bool nobody = false;   ///< whoever asks has none: not even keys of the daemon's own user are offered by ssh
};

/// Writes git's configuration below `settings.folder`: no hooks, no fsmonitor, no helpers, no automatic maintenance,
/// no protocol but the allowed ones. Removes what killed commands left. Blocking; once at start, before any command.
Result<void> prepare_git(const GitSettings& settings);

/// Runs `git` with that configuration and nothing else of the machine's (no system or user configuration, no netrc, no
/// prompts). Credentials travel in the environment or, for ssh, in a file of mode 0600 that is gone afterwards; never
/// in an argument. A non-zero exit is Kind::failed (or unauthorized, not_found, unavailable where git's words are
/// clear) with git's last line. Borrows `settings`.
class GitCommand {
 public:
  GitCommand(const GitSettings& settings, std::vector<std::string> words)
      : settings_(&settings), words_(std::move(words)) {}

  GitCommand& repository(const std::filesystem::path& bare);
  GitCommand& input(std::string text);
  /// Starts at once and gets what `text` answers once it does.
  GitCommand& late_input(std::function<awaitable<std::string>()> text);
  GitCommand& variable(std::string name, std::string value);
  /// More output than this is Kind::too_large; 1 MiB if not set.
  GitCommand& output_limit(std::size_t bytes);
  /// Lets it talk to `url` with `credentials`; `known_hosts` is where first-seen ssh host keys are kept.
  GitCommand& remote(const GitUrl& url, const GitCredentials& credentials, const std::filesystem::path& known_hosts);

  /// Its standard output.
  awaitable<Result<std::string>> run();

 private:
  void configure(const std::string& key, const std::string& value);

  const GitSettings* settings_;
  std::vector<std::string> words_;
  std::string input_;
  std::function<awaitable<std::string>()> late_input_;
  std::size_t output_limit_ = 1 << 20;
  std::map<std::string, std::string> environment_;
  int configured_ = 0;
  std::string protocol_;
  Secret ssh_key_;
  bool nobody_ = false;
  std::filesystem::path known_hosts_;
};

}  // namespace slipway::checkout
