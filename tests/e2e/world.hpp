#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/json.hpp"
#include "tests/support/programs.hpp"

namespace slipway::e2e {

/// run_program with SLIPWAY_TEST_* in the environment, too.
Ran run(std::vector<std::string> words, std::map<std::string, std::string> environment = {}, std::string input = {},
        std::filesystem::path directory = {});

/// The environment variable, which tools/test.sh sets; its absence fails the test and says what to run.
std::string required(const char* variable);

constexpr int proxy_port = 18100;  ///< of every host, for services with a route

/// A slipwayd of its own: fresh data, a free port, the rig's registry and hosts, an admin logged in. A plain process,
/// or with SLIPWAY_TEST_IMAGE set a container of that image.
class Daemon {
 public:
  /// What a test has otherwise in the settings; whatever file they name must be in the folder's `tls`.
  using Adjust = std::function<void(Json& settings, const std::filesystem::path& folder)>;
  explicit Daemon(const Adjust& adjust = {});
  Daemon(const Daemon&) = delete;
  ~Daemon();

  /// `slipway WORDS…` as the admin.
  Ran slipway(std::vector<std::string> words, std::string input = {}) const;
  /// The same with --json; the parsed answer. Throws with what was printed if it failed.
  Json slipway_json(std::vector<std::string> words) const;
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

  void kill_hard();  ///< SIGKILL, reaped
  /// SIGTERM, reaped; its exit code, or 128 and the signal that ended it. Throws if it takes longer.
  int stop(std::chrono::seconds limit = std::chrono::seconds(20));
  void start();  ///< again, on the same data and port

 private:
  void write_settings(const Adjust& adjust) const;
  void start_process();
  void start_container();
  int signal_and_reap(int signal, std::chrono::seconds limit);
  void await_ready() const;
  void login() const;
  [[nodiscard]] std::string log_text() const;

  Folder folder_;
  int port_;
  pid_t pid_ = -1;         // of the process, or of the container's
  std::string container_;  // empty: a plain process
};

/// A bare repository registered as a project, its post-receive hook telling the daemon, and a working copy.
class Repository {
 public:
  Repository(const Daemon& daemon, std::string project);

  void write(const std::string& file, const std::string& text) const;
  /// Commits everything and pushes; the commit's id.
  std::string push(const std::string& branch = "main") const;
  [[nodiscard]] const std::string& project() const { return project_; }

 private:
  Ran git(std::vector<std::string> words) const;

  const Daemon& daemon_;
  std::string project_;
  std::filesystem::path bare_, work_;
};

/// Until that job of the commit's run waits for somebody's word; what it says of that. Throws if it takes over a
/// minute.
std::string await_blocked(const Daemon& daemon, const std::string& project, const std::string& commit,
                          const std::string& job);

/// GET without credentials; empty if nothing answers within 3 s. `connect_to`: "address:port", if not what the URL
/// says.
std::string http_get(const std::string& url, std::string connect_to = {});

/// One host of the rig, driven past slipway, for what tests have to arrange or to see for themselves.
struct Host {
  std::string name, address;
  /// `docker WORDS…` on that host's engine.
  Ran docker(std::vector<std::string> words) const;
};
std::vector<Host> rig_hosts();

}  // namespace slipway::e2e
