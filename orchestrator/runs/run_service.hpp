#pragma once
#include <map>
#include <set>

#include "orchestrator/runs/orphans.hpp"
#include "orchestrator/runs/remade.hpp"
#include "orchestrator/runs/run_driver.hpp"

namespace slipway::runs {

/// All runs under way. The scheduler says which start and which stop; everything in between happens here. Borrows its
/// collaborators. `close` must have returned before it is destroyed.
class RunService {
 public:
  RunService(Collaborators with, Settings settings, const Executor& executor);
  RunService(const RunService&) = delete;
  RunService& operator=(const RunService&) = delete;
  ~RunService();

  /// Makes folders, compresses logs that a crash left. Once, before anything else.
  awaitable<Result<void>> open();
  /// Watches the engine and sweeps orphans until it is cancelled. `on_engine` is told when the engine goes and comes:
  /// while it is out nothing new should be started.
  awaitable<void> watch(std::function<void(bool available)> on_engine);

  /// Removes what is kept no longer (runs and their logs, images, commits of mirrors), at once and then every ten
  /// minutes, until it is cancelled.
  awaitable<void> keep_tidy();

  /// Fetches the commit of a run that is about to be queued, in the background: what it would otherwise wait for first.
  /// A hint that may come to nothing, and is not taken while there is enough to fetch.
  void fetch_ahead(store::Project project, const store::Run& run);

  /// Drives a run that is preparing or running to its end. At most once for each.
  void start(RunId run);
  /// Stops a run that was started; `reason` for people ("cancelled by ann"). Unknown ones are ignored.
  void stop(RunId run, std::string reason);

  [[nodiscard]] std::size_t under_way() const { return active_.size(); }
  [[nodiscard]] bool engine_available() const { return watch_.available(); }
  /// Why the engine is out; empty while it answers.
  [[nodiscard]] const std::string& engine_trouble() const { return watch_.reason(); }

  /// Leaves everything that runs as it is, for the next daemon, and waits until nobody touches it any more.
  awaitable<void> close();

 private:
  struct Active;
  awaitable<void> drive(RunId id, std::shared_ptr<Active> active);
  awaitable<Result<void>> drive_to_end(RunId id, std::shared_ptr<Active> active);
  void look_for_images(const pipelines::Plan& plan);
  awaitable<void> fetch_now(store::Project project, std::string commit, std::string ref);
  awaitable<Result<std::shared_ptr<checkout::Repository>>> repository_of(store::Project project, ProjectAccess access);
  awaitable<void> finish(RunId id, Outcome outcome);
  awaitable<void> sweep_now_and_then();
  awaitable<void> tidy_mirrors();
  awaitable<void> remove_old_mirrors();
  [[nodiscard]] bool is_busy(const std::string& project) const;
  awaitable<void> remove_network();
  awaitable<Result<docker::RegistryAuth>> auth_for(std::string repository);
  awaitable<Result<std::pair<std::string, std::string>>> make_network();
  DriverTools driver_tools();

  Collaborators with_;
  Settings settings_;
  Executor executor_;
  EngineWatch watch_;
  ImageSource images_;
  images::RegistryClient registry_;
  InCare in_care_;
  Tasks tasks_;
  Tasks cleanup_;
  std::map<RunId, std::shared_ptr<Active>> active_;
  struct Mirror {
    std::string settings;  // it was made for; with others it is made anew
    std::string project;
    std::shared_ptr<checkout::Repository> repository;
  };
  std::map<ProjectId, Mirror> repositories_;
  std::set<ProjectId> fetching_ahead_;
  // Its id and the anchor image's, as long as the engine is there and nothing was removed from it.
  Remade<std::pair<std::string, std::string>, std::pair<std::uint64_t, std::uint64_t>> network_;
};

}  // namespace slipway::runs
