#include "orchestrator/checkout/git_command.hpp"

#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "base/ids.hpp"
#include "base/kill_point.hpp"

namespace slipway::checkout {
namespace {

// Kept in a file rather than in GIT_CONFIG_COUNT: git drops those variables for the upload-pack of a local repository,
// which needs safe.directory as well.
constexpr std::string_view kConfiguration = R"([core]
	hooksPath = /dev/null
	fsmonitor = false
	untrackedCache = false
	askPass =
	symlinks = true
	protectNTFS = true
	protectHFS = true
[safe]
	directory = *
[protocol]
	version = 2
	allow = never
[transfer]
	fsckObjects = true
[fetch "fsck"]
	missingSpaceBeforeDate = ignore
	zeroPaddedFilemode = ignore
	badTimezone = ignore
[gc]
	auto = 0
[maintenance]
	auto = false
[credential]
	helper =
[submodule]
	recurse = false
[http]
	lowSpeedLimit = 1000
	lowSpeedTime = 60
[advice]
	detachedHead = false
)";

constexpr std::string_view kLfs = R"([filter "lfs"]
	process = git-lfs filter-process
	smudge = git-lfs smudge -- %f
	clean = git-lfs clean -- %f
	required = true
)";

bool is_installed(const std::string& program) {
  const char* variable = ::getenv("PATH");
  for (std::string_view rest = variable ? variable : ""; !rest.empty();) {
    const auto end = std::min(rest.find(':'), rest.size());
    const std::filesystem::path candidate = std::filesystem::path(rest.substr(0, end)) / program;
    if (::access(candidate.c_str(), X_OK) == 0) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

/// A file of mode 0600 that goes when this does.
class PrivateFile {
 public:
  static Result<PrivateFile> write(const std::filesystem::path& folder, const std::string& content) {
    PrivateFile file;
    file.path_ = folder / ("key." + random_hex(8));
    // ssh wants the newline that people lose when they paste a key.
    const Result<void> written = write_file(file.path_, content.ends_with('\n') ? content : content + "\n", 0600);
    if (!written) return fail(written.error());
    return file;
  }
  PrivateFile(PrivateFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ~PrivateFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  PrivateFile() = default;
  std::filesystem::path path_;
};

/// git runs GIT_SSH_COMMAND through a shell.
std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string ssh_command(const std::filesystem::path& key, const std::filesystem::path& hosts, bool hosts_given) {
  std::string command =
      "ssh -F /dev/null -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ForwardAgent=no"
      " -o ClearAllForwardings=yes -o GlobalKnownHostsFile=/dev/null";
  command += " -o UserKnownHostsFile=" + quoted(hosts.string());
  command += hosts_given ? " -o StrictHostKeyChecking=yes" : " -o StrictHostKeyChecking=accept-new";
  if (!key.empty()) command += " -o IdentitiesOnly=yes -i " + quoted(key.string());
  return command;
}

std::string last_line(const std::string& text) {
  std::string_view rest = text;
  while (!rest.empty() && (rest.back() == '\n' || rest.back() == '\r')) rest.remove_suffix(1);
  const auto start = rest.rfind('\n');
  return std::string(start == std::string_view::npos ? rest : rest.substr(start + 1));
}

Error error_of(const ProcessOutcome& outcome, const std::string& verb) {
  const std::string& said = outcome.errors;
  const auto says = [&](std::string_view words) { return said.find(words) != std::string::npos; };
  std::string line = last_line(said);
  // ssh's and git's last line is advice; what happened stands before it.
  for (const std::string_view start : {"fatal: ", "ERROR: ", "error: ", "remote: "}) {
    const auto at = said.find(start);
    if (at == std::string::npos) continue;
    line = said.substr(at + start.size(), said.find('\n', at) - at - start.size());
    break;
  }
  const auto kind = says("Authentication failed") || says("could not read Username") || says("Permission denied (")
                        ? Error::Kind::unauthorized
                    : says("not found") || says("not our ref") || says("couldn't find remote ref") ||
                            says("does not appear to be a git repository") || says("does not exist in")
                        ? Error::Kind::not_found
                    : says("Could not resolve host") || says("Failed to connect") || says("Couldn't connect") ||
                            says("Connection refused") || says("timed out") || says("unexpectedly") || says("early EOF")
                        ? Error::Kind::unavailable
                        : Error::Kind::failed;
  if (line.empty()) line = "exit code " + std::to_string(outcome.exit_code);
  return {kind, "git " + verb + ": " + line};
}

}  // namespace

Result<void> prepare_git(const GitSettings& settings) {
  std::error_code code;
  std::filesystem::create_directories(settings.folder / "home", code);
  if (code) return fail(Error::Kind::internal, settings.folder.string() + ": " + code.message());
  std::filesystem::permissions(settings.folder, std::filesystem::perms::owner_all, code);
  const std::string lfs(is_installed("git-lfs") ? kLfs : "");
  return write_file(settings.folder / "gitconfig", std::string(kConfiguration) + lfs);
}

GitCommand& GitCommand::repository(const std::filesystem::path& bare) {
  environment_["GIT_DIR"] = bare.string();
  return *this;
}

GitCommand& GitCommand::input(std::string text) {
  input_ = std::move(text);
  return *this;
}

GitCommand& GitCommand::variable(std::string name, std::string value) {
  environment_[std::move(name)] = std::move(value);
  return *this;
}

GitCommand& GitCommand::output_limit(std::size_t bytes) {
  output_limit_ = bytes;
  return *this;
}

void GitCommand::configure(const std::string& key, const std::string& value) {
  const std::string number = std::to_string(configured_++);
  environment_["GIT_CONFIG_KEY_" + number] = key;
  environment_["GIT_CONFIG_VALUE_" + number] = value;
  environment_["GIT_CONFIG_COUNT"] = std::to_string(configured_);
}

GitCommand& GitCommand::remote(const GitUrl& url, const GitCredentials& credentials,
                               const std::filesystem::path& known_hosts) {
  using Scheme = GitUrl::Scheme;
  protocol_ = url.scheme == Scheme::https  ? "https"
              : url.scheme == Scheme::http ? "http"
              : url.scheme == Scheme::ssh  ? "ssh"
                                           : "file";
  if (url.scheme == Scheme::ssh) {
    ssh_key_ = credentials.ssh_key;
    known_hosts_ = credentials.known_hosts;
    known_hosts_file_ = known_hosts;
    return *this;
  }
  configure("remote.origin.url", url.text());
  if (url.scheme == Scheme::local) return *this;
  // The repository's own .lfsconfig must not send the daemon elsewhere.
  configure("lfs.url", url.text() + (url.text().ends_with(".git") ? "" : ".git") + "/info/lfs");
  if (credentials.password.empty()) return *this;
  const std::string user = credentials.username.empty() ? "git" : credentials.username;
  configure("http." + url.origin() + ".extraHeader",
            "Authorization: Basic " + to_base64(user + ":" + credentials.password.reveal()));
  return *this;
}

awaitable<Result<std::string>> GitCommand::run() {
  std::optional<PrivateFile> key;
  std::optional<PrivateFile> hosts;
  if (protocol_ == "ssh") {
    if (!ssh_key_.empty()) {
      Result<PrivateFile> written = PrivateFile::write(settings_->folder, ssh_key_.reveal());
      if (!written) co_return fail(written.error());
      key.emplace(std::move(*written));
    }
    if (!known_hosts_.empty()) {
      Result<PrivateFile> written = PrivateFile::write(settings_->folder, known_hosts_);
      if (!written) co_return fail(written.error());
      hosts.emplace(std::move(*written));
    }
    environment_["GIT_SSH_COMMAND"] =
        ssh_command(key ? key->path() : "", hosts ? hosts->path() : known_hosts_file_, hosts.has_value());
  }
  const std::string verb = words_.empty() ? "" : words_.front();
  std::vector<std::string> arguments = {"--fsize=" + std::to_string(settings_->file_limit), "git"};
  arguments.insert(arguments.end(), words_.begin(), words_.end());
  ProcessSpec spec("prlimit", std::move(arguments));
  spec.environment = environment_;
  spec.environment.insert({{"GIT_CONFIG_NOSYSTEM", "1"},
                           {"GIT_CONFIG_GLOBAL", (settings_->folder / "gitconfig").string()},
                           {"GIT_TERMINAL_PROMPT", "0"},
                           {"GIT_ALLOW_PROTOCOL", protocol_.empty() ? "none" : protocol_},
                           {"GIT_NO_REPLACE_OBJECTS", "1"},
                           {"HOME", (settings_->folder / "home").string()},
                           {"LC_ALL", "C"}});
  spec.input = std::move(input_);
  spec.deadline = settings_->deadline;
  spec.output_limit = output_limit_ + 1;
  kill_point(Side::before, "git " + verb);
  Result<ProcessOutcome> outcome = co_await run_process(std::move(spec));
  kill_point(Side::after, "git " + verb);
  if (!outcome) co_return fail(std::move(outcome.error()).in("git " + verb));
  if (outcome->exit_code != 0) co_return fail(error_of(*outcome, verb));
  if (outcome->output.size() > output_limit_) {
    co_return fail(Error::Kind::too_large, "git " + verb + ": over " + std::to_string(output_limit_) + " bytes");
  }
  co_return std::move(outcome->output);
}

}  // namespace slipway::checkout
