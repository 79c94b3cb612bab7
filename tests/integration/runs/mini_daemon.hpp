#pragma once
#include <sys/types.h>

#include "orchestrator/runs/run_service.hpp"
#include "tests/integration/runs/bench.hpp"
#include "tests/support/stepped_clock.hpp"

namespace slipway::runs {

/// Takes deploy jobs and keeps what they asked for.
class RecordingDeployer final : public Deployer {
 public:
  awaitable<Result<Outcome>> deploy(DeployRequest request, DeploymentNews news) override;
  awaitable<Result<std::optional<Outcome>>> take_up(DeploymentKey key, DeploymentNews news) override;
  void stop(const DeploymentKey& key, const std::string& why) override { stopped[key] = why; }
  std::vector<DeployRequest> requests;
  std::vector<DeploymentKey> taken_up;
  std::map<DeploymentKey, std::string> stopped;  ///< and why
  bool goes_on = false;                          ///< a deployment ends only when it is stopped
  std::string waits_for;                         ///< what one that goes on waits for; empty: nothing

 private:
  awaitable<void> until_stopped(DeploymentKey key, DeploymentNews news);
};

/// A folder for one installation, with a git repository `source` of one project beside it. Removed with everything the
/// installation left in the engine.
class Site {
 public:
  Site();
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  /// The output of a shell script run in the folder.
  std::string shell(const std::string& script) const;
  /// Commits these files and gives the commit's id.
  std::string commit(const std::map<std::string, std::string>& files) const;

  std::filesystem::path folder;
};

/// As much of a daemon as runs need, on a site. Destroying it is an orderly shutdown.
class MiniDaemon {
 public:
  explicit MiniDaemon(const Site& site, docker::Endpoint endpoint = test_engine(),
                      std::function<void(Settings&)> adjust = {}, Milliseconds transfer_lines = kTransferInterval);
  ~MiniDaemon();
  MiniDaemon(const MiniDaemon&) = delete;
  MiniDaemon& operator=(const MiniDaemon&) = delete;

  template <class T>
  T run(awaitable<T> work) {
    std::optional<T> value;
    std::exception_ptr escaped;
    asio::co_spawn(io, std::move(work), [&](std::exception_ptr e, T result) {
      escaped = e;
      if (!e) value.emplace(std::move(result));
    });
    io.restart();
    while (!value && !escaped) io.run_one();
    if (escaped) std::rethrow_exception(escaped);
    return std::move(*value);
  }

  /// Queues and starts a run of the project.
  RunId add(store::Run row);
  /// Queues and starts a push to main.
  RunId push(const std::string& commit);
  RunId rerun_failed(RunId old);
  SweepSummary sweep(const Settings& settings);
  /// Starts all runs that were under way.
  std::vector<RunId> take_up();
  /// There has to be just one.
  RunId take_up_one();
  store::Run wait(RunId id);
  std::vector<store::Job> jobs(RunId id);
  std::vector<store::Attempt> attempts(RunId id);
  std::vector<std::string> events(RunId id);
  std::string log(RunId id, const std::string& name);

  asio::io_context io;
  Pool pool{4};
  SteppedClock clock;
  DeadlineClock deadlines;
  docker::Engine engine;
  std::unique_ptr<store::Store> store;
  logs::LogStore logs;
  checkout::GitSettings git;
  images::Credentials credentials;
  RecordingDeployer deployer;
  std::map<std::string, Secret> secrets;
  std::vector<Secret> former_secrets;
  RegistryGrants grants;  ///< of the project
  std::optional<RunService> service;

 private:
  void run_void(awaitable<void> work);
  Tasks watching_;
};

/// Lets the daemon work until `holds`; fails after a minute.
template <class Condition>
void until(MiniDaemon& daemon, const std::string& what, Condition holds) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!holds()) {
    INFO(what);
    REQUIRE(std::chrono::steady_clock::now() < limit);
    daemon.io.restart();
    daemon.io.run_one_for(std::chrono::milliseconds(20));
  }
}

/// Somebody else's hold of a lock, given up by `reset`.
awaitable<std::shared_ptr<AsyncLock::Held>> hold(std::shared_ptr<AsyncLock> lock);

/// What there still is of runs of the site's installation, a line each: "container NAME", "volume NAME", "checkout
/// RUN". That of a job or run that has ended goes in the background.
std::string left_of_runs(const Site& site);

/// A daemon on the site, in a process of its own, that does what `work` says and is then killed as it stands.
void work_and_be_killed(const Site& site, const std::function<void(MiniDaemon&)>& work,
                        docker::Endpoint endpoint = test_engine());

}  // namespace slipway::runs
