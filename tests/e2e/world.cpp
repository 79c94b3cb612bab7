#include "tests/e2e/world.hpp"

#include <chrono>
#include <regex>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.hpp"
#include "base/http_client.hpp"
#include "base/ids.hpp"

namespace slipway::e2e {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  const Result<std::string> text = read_file(path);
  return text ? *text : std::string();
}

void must(const Ran& ran, const std::string& what) {
  if (ran.code != 0) throw std::runtime_error(what + " exited " + std::to_string(ran.code) + ": " + ran.out + ran.err);
}

}  // namespace

Ran run(std::vector<std::string> words, std::map<std::string, std::string> environment, std::string input,
        fs::path directory) {
  for (char** variable = environ; *variable; ++variable) {
    const std::string_view text(*variable);
    if (text.starts_with("SLIPWAY_TEST_"))
      environment.emplace(text.substr(0, text.find('=')), text.substr(text.find('=') + 1));
  }
  return run_program(std::move(words), std::move(environment), std::move(input), std::move(directory));
}

std::string required(const char* variable) {
  const char* value = ::getenv(variable);
  if (!value) throw std::runtime_error(std::string(variable) + " is not set: run these tests with ./dev test");
  return value;
}

Daemon::Daemon(const Adjust& adjust) : port_(free_port()) {
  write_settings(adjust);
  start();
  login();
}

/// Asked to stop, it takes its job network with it; an engine has about thirty.
Daemon::~Daemon() {
  try {
    if (!container_.empty() || pid_ > 0) stop();
  } catch (const std::exception&) {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
  }
  if (!container_.empty()) run({"docker", "rm", "-f", container_});
}

void Daemon::write_settings(const Adjust& adjust) const {
  // Copies of its own: the rig's key is root's alone, and the image's user is not root.
  const std::string tls = (folder() / "tls").string();
  fs::create_directories(tls);
  for (const char* file : {"ca.pem", "cert.pem", "key.pem"}) {
    fs::copy_file(fs::path(required("SLIPWAY_TEST_TLS")) / file, fs::path(tls) / file,
                  fs::copy_options::overwrite_existing);
  }
  Json hosts = Json::object();
  Json managers = Json::array();
  for (const Host& host : rig_hosts()) {
    managers.push_back(host.name);
    hosts[host.name] = {{"endpoint", "tcp://" + host.address + ":2376"},
                        {"address", host.address},
                        {"groups", {"production"}},
                        {"ca", tls + "/ca.pem"},
                        {"cert", tls + "/cert.pem"},
                        {"key", tls + "/key.pem"}};
  }
  const fs::path password = folder() / "registry-password";
  (void)write_file(password, required("SLIPWAY_TEST_REGISTRY_PASSWORD"), 0600);
  Json settings = {{"listen", "127.0.0.1:" + std::to_string(port_)},
                   {"public_url", url()},
                   {"data", (folder() / "data").string()},
                   {"engine", required("SLIPWAY_TEST_ENGINE")},
                   {"git", {{"allow_local", true}}},
                   {"registries",
                    {{required("SLIPWAY_TEST_REGISTRY"),
                      {{"username", required("SLIPWAY_TEST_REGISTRY_USER")},
                       {"password_file", password.string()},
                       {"ca", tls + "/ca.pem"}}}}},
                   {"hosts", hosts},
                   {"proxy",
                    {{"image", required("SLIPWAY_TEST_REGISTRY") + "/e2e/haproxy:2.6"},
                     {"http", proxy_port},
                     {"https", proxy_port + 1}}},
                   {"swarms", {{"swarm", {{"managers", managers}}}}}};
  if (adjust) adjust(settings, folder());
  (void)write_file(folder() / "slipwayd.yml", settings.dump(2));  // JSON is YAML
}

void Daemon::start() {
  if (::getenv("SLIPWAY_TEST_IMAGE")) {
    start_container();
  } else {
    start_process();
  }
  await_ready();
}

void Daemon::start_process() {
  const std::string config = (folder() / "slipwayd.yml").string();
  const int log = ::open((folder() / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, log, 1);
  posix_spawn_file_actions_adddup2(&actions, log, 2);
  const char* words[] = {SLIPWAYD_PATH, "--config", config.c_str(), nullptr};
  const int failed = ::posix_spawn(&pid_, SLIPWAYD_PATH, &actions, nullptr, const_cast<char**>(words), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(log);
  if (failed) throw std::runtime_error("slipwayd can't be started");
}

void Daemon::start_container() {
  const std::string socket = required("SLIPWAY_TEST_ENGINE").substr(std::string("unix://").size());
  struct stat info{};
  ::stat(socket.c_str(), &info);
  // The image's user owns the data; the repositories stay root's, as a mounted host folder would be.
  fs::create_directories(folder() / "data");
  must(run({"chown", "-R", "64320", (folder() / "data").string(), (folder() / "tls").string(),
            (folder() / "registry-password").string()}),
       "chown");
  if (!container_.empty()) run({"docker", "rm", "-f", container_});
  container_ = folder().filename().string();
  must(run({"docker", "run", "-d", "--name", container_, "--network", "host", "--read-only", "--tmpfs", "/tmp",
            "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--group-add", std::to_string(info.st_gid),
            // The image sets these, and they count before the file.
            "-e", "SLIPWAY_LISTEN=127.0.0.1:" + std::to_string(port_), "-e",
            "SLIPWAY_DATA=" + (folder() / "data").string(), "-v", socket + ":" + socket, "-v",
            folder().string() + ":" + folder().string(), required("SLIPWAY_TEST_IMAGE"), "--config",
            (folder() / "slipwayd.yml").string()}),
       "docker run");
}

void Daemon::await_ready() const {
  for (int i = 0; i < 400; ++i) {
    if (!http_get(url() + "/readyz").empty()) return;
    std::this_thread::sleep_for(25ms);
  }
  throw std::runtime_error("slipwayd did not come up: " + log_text());
}

void Daemon::login() const {
  std::smatch token;
  const std::string log = log_text();
  if (!std::regex_search(log, token, std::regex("token=(slw_[A-Za-z0-9_-]+)"))) {
    throw std::runtime_error("slipwayd showed no admin token: " + log);
  }
  must(slipway({"login"}, token[1].str() + "\n"), "slipway login");
}

std::string Daemon::log_text() const {
  if (container_.empty()) return text_of(folder() / "log");
  const Ran logs = run({"docker", "logs", container_});
  return logs.out + logs.err;
}

Ran Daemon::slipway(std::vector<std::string> words, std::string input) const {
  words.insert(words.begin(), SLIPWAY_PATH);
  return run(std::move(words), {{"SLIPWAY_URL", url()}, {"XDG_CONFIG_HOME", (folder() / "config").string()}},
             std::move(input));
}

Json Daemon::slipway_json(std::vector<std::string> words) const {
  words.emplace_back("--json");
  const Ran ran = slipway(words);
  Result<Json> json = parse_json(ran.out);
  if (ran.code != 0 || !json) throw std::runtime_error("slipway " + words[0] + ": " + ran.out + ran.err);
  return *json;
}

void Daemon::kill_hard() {
  signal_and_reap(SIGKILL, 10s);
}

int Daemon::stop(std::chrono::seconds limit) {
  return signal_and_reap(SIGTERM, limit);
}

int Daemon::signal_and_reap(int signal, std::chrono::seconds limit) {
  if (!container_.empty()) {
    run({"docker", "kill", "-s", std::to_string(signal), container_});
    const Ran ended = run({"timeout", std::to_string(limit.count()), "docker", "wait", container_});
    must(ended, "docker wait for slipwayd's end");
    return std::stoi(ended.out);
  }
  ::kill(pid_, signal);
  for (auto until = std::chrono::steady_clock::now() + limit; std::chrono::steady_clock::now() < until;) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    std::this_thread::sleep_for(20ms);
  }
  throw std::runtime_error("slipwayd did not end within its limit");
}

Repository::Repository(const Daemon& daemon, std::string project)
    : daemon_(daemon),
      project_(std::move(project)),
      bare_(daemon.folder() / (project_ + ".git")),
      work_(daemon.folder() / project_) {
  const std::string secret = random_hex(20);
  must(run({"git", "init", "-q", "--bare", "-b", "main", bare_.string()}), "git init");
  must(daemon.slipway({"project", "add", project_, "--clone-url", bare_.string(), "--hook-secret-stdin"}, secret),
       "slipway project add");
  fs::copy_file("examples/git-hook/post-receive", bare_ / "hooks" / "post-receive");
  must(run({"git", "-C", bare_.string(), "config", "slipway.url", daemon.url() + "/hooks/" + project_ + "/generic"}),
       "git config");
  must(run({"git", "-C", bare_.string(), "config", "slipway.secret", secret}), "git config");
  must(run({"git", "init", "-q", "-b", "main", work_.string()}), "git init");
  must(git({"remote", "add", "origin", bare_.string()}), "git remote");
}

Ran Repository::git(std::vector<std::string> words) const {
  words.insert(words.begin(),
               {"git", "-C", work_.string(), "-c", "user.name=Test", "-c", "user.email=test@example.invalid"});
  return run(std::move(words));
}

void Repository::write(const std::string& file, const std::string& text) const {
  fs::create_directories((work_ / file).parent_path());
  const Result<void> written = write_file(work_ / file, text);
  if (!written) throw std::runtime_error(written.error().message);
}

std::string Repository::push(const std::string& branch) const {
  must(git({"add", "-A"}), "git add");
  must(git({"commit", "-q", "--allow-empty", "-m", "A change"}), "git commit");
  const Ran pushed = git({"push", "-q", "origin", "HEAD:" + branch});
  must(pushed, "git push");
  if (pushed.err.find("slipway was not told") != std::string::npos) throw std::runtime_error(pushed.err);
  std::string commit = git({"rev-parse", "HEAD"}).out;
  commit.pop_back();
  return commit;
}

std::string await_blocked(const Daemon& daemon, const std::string& project, const std::string& commit,
                          const std::string& job) {
  for (int i = 0; i < 600; ++i) {
    const Json run = daemon.slipway_json({"run", "view", "-p", project, "--commit", commit});
    for (const Json& one : run.at("jobs")) {
      if (one.at("name") == job && text_at(one, "state") == "blocked") return text_at(one, "reason");
    }
    std::this_thread::sleep_for(100ms);
  }
  throw std::runtime_error("job " + job + " of " + project + " does not come to wait");
}

std::string http_get(const std::string& url, std::string connect_to) {
  HttpRequest request("GET", url);
  request.connect_to = std::move(connect_to);
  request.timeout = 3s;
  const Result<HttpResponse> response = send_http(request);
  return response && response->ok() ? response->body : std::string();
}

Ran Host::docker(std::vector<std::string> words) const {
  const std::string tls = required("SLIPWAY_TEST_TLS");
  words.insert(words.begin(), {"docker", "--tlsverify", "--tlscacert", tls + "/ca.pem", "--tlscert", tls + "/cert.pem",
                               "--tlskey", tls + "/key.pem", "-H", "tcp://" + address + ":2376"});
  return run(std::move(words));
}

std::vector<Host> rig_hosts() {
  std::vector<Host> hosts;
  const std::string list = required("SLIPWAY_TEST_HOSTS");
  const std::regex pattern("tcp://([0-9.]+):2376");
  for (std::sregex_iterator found(list.begin(), list.end(), pattern), end; found != end; ++found) {
    hosts.push_back({"h" + std::to_string(hosts.size() + 1), (*found)[1]});
  }
  return hosts;
}

}  // namespace slipway::e2e
