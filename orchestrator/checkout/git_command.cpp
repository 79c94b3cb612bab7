#include "orchestrator/checkout/git_command.hpp"

#include <unistd.h>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "base/ids.hpp"
#include "base/kill_point.hpp"
#include "orchestrator/checkout/git_errors.hpp"

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
[lfs "transfer"]
	maxRetries = 2
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

std::string ssh_command(const std::filesystem::path& key, const std::filesystem::path& hosts, bool only_these,
                        bool nobody) {
  std::string command =
      "ssh -F /dev/null -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ForwardAgent=no"
      " -o ClearAllForwardings=yes -o GlobalKnownHostsFile=/dev/null";
  command += " -o UserKnownHostsFile=" + quoted(hosts.string());
  command += only_these ? " -o StrictHostKeyChecking=yes" : " -o StrictHostKeyChecking=accept-new";
  if (nobody) command += " -o PubkeyAuthentication=no -o HostbasedAuthentication=no -o GSSAPIAuthentication=no";
  if (!key.empty()) command += " -o IdentitiesOnly=yes -i " + quoted(key.string());
  return command;
}

/// The machine's CAs and `ca_file`'s in one file: git and git-lfs take one file, and that instead of the machine's.
Result<void> write_ca_bundle(const std::filesystem::path& ca_file, const std::filesystem::path& bundle) {
  Result<std::string> own = read_file(ca_file);
  if (!own) return fail(std::move(own.error()).in("git.ca_file"));
  std::string all;
  for (const char* machine : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"}) {
    const Result<std::string> known = read_file(machine);
    if (known) all += *known + "\n";
  }
  return write_file(bundle, all + *own);
}

/// Keys and indexes of git commands that a killed daemon could not clear away.
void remove_leftovers(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("key.") || name.starts_with("index.")) std::filesystem::remove(entry.path(), ignored);
  }
}

}  // namespace

Result<void> prepare_git(const GitSettings& settings) {
  std::error_code code;
  std::filesystem::create_directories(settings.folder / "home", code);
  if (code) return fail(Error::Kind::internal, settings.folder.string() + ": " + code.message());
  std::filesystem::permissions(settings.folder, std::filesystem::perms::owner_all, code);
  remove_leftovers(settings.folder);
  std::string configuration(kConfiguration);
  if (is_installed("git-lfs")) configuration += kLfs;
  if (!settings.ca_file.empty()) {
    if (Result<void> written = write_ca_bundle(settings.ca_file, settings.ca_bundle()); !written) return written;
    configuration += "[http]\n\tsslCAInfo = \"" + settings.ca_bundle().string() + "\"\n";
  }
  return write_file(settings.folder / "gitconfig", configuration);
}

GitCommand& GitCommand::repository(const std::filesystem::path& bare) {
  environment_["GIT_DIR"] = bare.string();
  return *this;
}

GitCommand& GitCommand::input(std::string text) {
  input_ = std::move(text);
  return *this;
}

GitCommand& GitCommand::late_input(std::function<awaitable<std::string>()> text) {
  late_input_ = std::move(text);
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
  configure("remote.origin.url", url.text());
  // The repository's own .lfsconfig must not send the daemon elsewhere, nor to other repositories on its machine. By
  // ssh, the server says where its LFS is.
  const bool is_http = url.scheme == Scheme::https || url.scheme == Scheme::http;
  configure("lfs.url", is_http ? url.text() + (url.text().ends_with(".git") ? "" : ".git") + "/info/lfs" : url.text());
  if (url.scheme == Scheme::local) return *this;
  if (url.scheme == Scheme::ssh) {
    ssh_key_ = credentials.ssh_key;
    nobody_ = credentials.nobody;
    known_hosts_ = known_hosts;
    return *this;
  }
  if (credentials.password.empty()) return *this;
  // git would send the header below to whatever server it is redirected to.
  configure("http." + url.origin() + ".followRedirects", "false");
  const std::string user = credentials.username.empty() ? "git" : credentials.username;
  configure("http." + url.origin() + ".extraHeader",
            "Authorization: Basic " + to_base64(user + ":" + credentials.password.reveal()));
  return *this;
}

awaitable<Result<std::string>> GitCommand::run() {
  std::optional<PrivateFile> key;
  if (protocol_ == "ssh") {
    if (!ssh_key_.empty()) {
      Result<PrivateFile> written = PrivateFile::write(settings_->folder, ssh_key_.reveal());
      if (!written) co_return fail(written.error());
      key.emplace(std::move(*written));
    }
    const bool only_these = !settings_->known_hosts.empty();
    environment_["GIT_SSH_COMMAND"] =
        ssh_command(key ? key->path() : "", only_these ? settings_->known_hosts : known_hosts_, only_these, nobody_);
  }
  const std::string verb = words_.empty() ? "" : words_.front();
  ProcessSpec spec("git", words_);
  spec.file_limit = settings_->file_limit;
  spec.environment = environment_;
  spec.environment.insert({{"GIT_CONFIG_NOSYSTEM", "1"},
                           {"GIT_CONFIG_GLOBAL", (settings_->folder / "gitconfig").string()},
                           {"GIT_TERMINAL_PROMPT", "0"},
                           {"GIT_ALLOW_PROTOCOL", protocol_.empty() ? "none" : protocol_},
                           {"GIT_NO_REPLACE_OBJECTS", "1"},
                           {"HOME", (settings_->folder / "home").string()},
                           {"LC_ALL", "C"}});
  spec.input = std::move(input_);
  spec.late_input = std::move(late_input_);
  spec.deadline = settings_->deadline;
  spec.output_limit = output_limit_ + 1;
  kill_point(Side::before, "git " + verb);
  Result<ProcessOutcome> outcome = co_await run_process(std::move(spec));
  kill_point(Side::after, "git " + verb);
  if (!outcome) co_return fail(std::move(outcome.error()).in("git " + verb));
  if (outcome->exit_code != 0) co_return fail(git_error(*outcome, verb));
  if (outcome->output.size() > output_limit_) {
    co_return fail(Error::Kind::too_large, "git " + verb + ": over " + std::to_string(output_limit_) + " bytes");
  }
  co_return std::move(outcome->output);
}

}  // namespace slipway::checkout
