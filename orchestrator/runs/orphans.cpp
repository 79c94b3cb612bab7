#include "orchestrator/runs/orphans.hpp"

#include <charconv>
#include <set>

#include "base/log.hpp"
#include "orchestrator/runs/naming.hpp"
#include "orchestrator/runs/source_tree.hpp"
#include "orchestrator/store/attempts.hpp"
#include "orchestrator/store/runs.hpp"

namespace slipway::runs {
namespace {

std::optional<Time> changed_at(const std::filesystem::directory_entry& entry) {
  std::error_code failed;
  const auto time = entry.last_write_time(failed);
  if (failed) return std::nullopt;
  return std::chrono::time_point_cast<Milliseconds>(std::chrono::file_clock::to_sys(time));
}

/// Of an object with labels: the run it belongs to; 0: none, so it is left alone.
RunId run_of(const docker::Labels& labels) {
  const auto found = labels.find(std::string(label::kRun));
  RunId run;
  if (found == labels.end()) return run;
  const std::string& text = found->second;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), run.value);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() ? run : RunId();
}

/// One pass over the engine, the journal and the work folder.
class Sweep {
 public:
  Sweep(Collaborators& with, const Settings& settings) : with_(with), settings_(settings) {}

  awaitable<Result<SweepSummary>> run() {
    // What there is first, then which runs are under way: of one that begins meanwhile nothing has been seen yet.
    Result<void> step = co_await read_open_attempts();
    if (step) step = co_await list_what_is_there();
    if (step) step = co_await read_live_runs();
    if (step) step = co_await remove_containers();
    if (step) step = co_await remove_volumes();
    if (step) step = co_await remove_networks();
    if (step) step = co_await close_attempts();
    if (!step) co_return fail(std::move(step.error()).in("sweep"));
    co_await remove_checkouts();
    co_return summary_;
  }

 private:
  docker::Filters ours() const {
    docker::Filters filters;
    filters.label(std::string(label::kInstance), with_.store.instance());
    return filters;
  }

  [[nodiscard]] bool is_orphan(const docker::Labels& labels, std::optional<Time> created) const {
    const RunId run = run_of(labels);
    if (!run || live_.contains(run)) return false;
    return !created || with_.clock.now() - *created >= settings_.orphan_grace;
  }

  awaitable<Result<void>> read_open_attempts() {
    auto reading = with_.store.read(&store::Attempts::open);
    Result<std::vector<store::Attempt>> open = co_await std::move(reading);
    if (!open) co_return fail(open.error());
    open_ = std::move(*open);
    co_return Result<void>();
  }

  awaitable<Result<void>> list_what_is_there() {
    docker::ListContainers what;
    what.filters = ours();
    auto listing = with_.engine.containers().list(std::move(what));
    Result<std::vector<docker::ContainerSummary>> containers = co_await std::move(listing);
    if (!containers) co_return fail(containers.error());
    auto listing_volumes = with_.engine.volumes().list(ours());
    Result<std::vector<docker::Volume>> volumes = co_await std::move(listing_volumes);
    if (!volumes) co_return fail(volumes.error());
    auto listing_networks = with_.engine.networks().list(ours());
    Result<std::vector<docker::Network>> networks = co_await std::move(listing_networks);
    if (!networks) co_return fail(networks.error());
    containers_ = std::move(*containers);
    volumes_ = std::move(*volumes);
    networks_ = std::move(*networks);
    co_return Result<void>();
  }

  awaitable<Result<void>> read_live_runs() {
    auto reading = with_.store.read(&store::Runs::unfinished);
    const Result<std::vector<store::Run>> runs = co_await std::move(reading);
    if (!runs) co_return fail(runs.error());
    for (const store::Run& run : *runs) live_.insert(run.id);
    co_return Result<void>();
  }

  awaitable<Result<void>> remove_containers() {
    for (const docker::ContainerSummary& container : containers_) {
      if (!is_orphan(container.labels, container.created_at)) {
        kept_.insert(container.name);
        continue;
      }
      docker::RemoveContainer how;
      how.force = true;
      how.volumes = true;
      auto removing = with_.engine.containers().remove(container.id, how);
      const Result<void> removed = co_await std::move(removing);
      if (!removed) co_return fail(removed.error());
      log::info("orphan removed", {{"container", container.name}});
      ++summary_.containers;
    }
    co_return Result<void>();
  }

  awaitable<Result<void>> remove_volumes() {
    for (const docker::Volume& volume : volumes_) {
      if (!is_orphan(volume.labels, volume.created_at)) continue;
      auto removing = with_.engine.volumes().remove(volume.name);
      const Result<void> removed = co_await std::move(removing);
      if (removed) ++summary_.volumes;
      if (!removed && removed.error().kind != Error::Kind::conflict) co_return fail(removed.error());
    }
    co_return Result<void>();
  }

  awaitable<Result<void>> remove_networks() {
    for (const docker::Network& network : networks_) {
      if (!is_orphan(network.labels, std::nullopt)) continue;
      auto removing = with_.engine.networks().remove(network.id);
      const Result<void> removed = co_await std::move(removing);
      if (removed) ++summary_.networks;
      if (!removed && removed.error().kind != Error::Kind::forbidden) co_return fail(removed.error());
    }
    co_return Result<void>();
  }

  /// Attempts whose run is over and whose container is gone.
  awaitable<Result<void>> close_attempts() {
    for (const store::Attempt& attempt : open_) {
      if (live_.contains(attempt.key.run) || kept_.contains(attempt.container_name)) continue;
      auto work = [key = attempt.key, state = attempt.state, log = attempt.log,
                   now = with_.clock.now()](store::Transaction& tx) -> Result<void> {
        store::Attempts attempts(tx);
        if (state != store::AttemptState::exited && state != store::AttemptState::quarantined) {
          store::AttemptExit exit;
          exit.error = "interrupted: removed with its run";
          exit.finished = now;
          exit.log = log;
          if (Result<void> ended = attempts.exited(key, std::move(exit)); !ended) return ended;
        }
        return attempts.removed(key);
      };
      auto writing = with_.store.write(std::move(work));
      const Result<void> closed = co_await std::move(writing);
      if (!closed && closed.error().kind != Error::Kind::conflict) co_return fail(closed.error());
      if (attempt.log_name.empty()) continue;
      logs::LogKey key(attempt.key.run, attempt.log_name);
      auto sealing = with_.logs.seal(std::move(key));
      (void)co_await std::move(sealing);
    }
    co_return Result<void>();
  }

  awaitable<void> remove_checkouts() {
    std::vector<std::filesystem::path> gone;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(settings_.work_folder, ignored)) {
      docker::Labels name{{std::string(label::kRun), SourceTree::run_of(entry.path())}};
      const std::optional<Time> made = changed_at(entry);
      // Without an age it stays: the run may have begun since the journal was read.
      if (made && is_orphan(name, made)) gone.push_back(entry.path());
    }
    summary_.checkouts = gone.size();
    auto work = [gone = std::move(gone)] {
      std::error_code stays;  // until the next sweep
      for (const auto& folder : gone) std::filesystem::remove_all(folder, stays);
      return true;
    };
    (void)co_await with_.pool.run(std::move(work));
  }

  Collaborators& with_;
  const Settings& settings_;
  std::vector<store::Attempt> open_;
  std::vector<docker::ContainerSummary> containers_;
  std::vector<docker::Volume> volumes_;
  std::vector<docker::Network> networks_;
  std::set<RunId> live_;
  std::set<std::string> kept_;  // names of containers that stay
  SweepSummary summary_;
};

}  // namespace

awaitable<Result<SweepSummary>> sweep_orphans(Collaborators& with, const Settings& settings) {
  Sweep sweep(with, settings);
  co_return co_await sweep.run();
}

}  // namespace slipway::runs
