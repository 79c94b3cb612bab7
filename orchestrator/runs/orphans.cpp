#include "orchestrator/runs/orphans.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/log.hpp"
#include "orchestrator/runs/naming.hpp"
#include "orchestrator/runs/source_tree.hpp"
#include "orchestrator/store/attempts.hpp"
#include "orchestrator/store/jobs.hpp"
#include "orchestrator/store/old_runs.hpp"
#include "orchestrator/store/runs.hpp"

namespace slipway::runs {
namespace {

std::optional<Time> changed_at(const std::filesystem::directory_entry& entry) {
  std::error_code failed;
  const auto time = entry.last_write_time(failed);
  if (failed) return std::nullopt;
  return std::chrono::time_point_cast<Milliseconds>(std::chrono::file_clock::to_sys(time));
}

/// Whose an object is; what is not known is empty or 0.
struct Owner {
  RunId run;
  std::string job;
  std::int64_t attempt = 0;
};

std::string text_of(const docker::Labels& labels, std::string_view name) {
  const auto found = labels.find(std::string(name));
  return found == labels.end() ? std::string() : found->second;
}

/// 0 if it is none.
std::int64_t number_in(const std::string& text) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() ? number : 0;
}

Owner owner_of(const docker::Labels& labels) {
  return {RunId(number_in(text_of(labels, label::kRun))), text_of(labels, label::kJob),
          number_in(text_of(labels, label::kAttempt))};
}

/// What the journal says of the runs that have left something.
struct Journal {
  std::map<RunId, std::vector<store::Job>> under_way;
  std::set<RunId> unknown;

  /// Whether nothing is going to be done with it any more, as far as the journal knows.
  [[nodiscard]] bool is_over(const Owner& owner) const {
    const auto run = under_way.find(owner.run);
    if (run == under_way.end()) return true;
    const auto job = std::find_if(run->second.begin(), run->second.end(), [&](const store::Job& row) {
      return row.kind == store::JobKind::run && row.name == owner.job;
    });
    if (job == run->second.end() || owner.attempt == 0) return false;
    return job->state == store::JobState::finished || owner.attempt < job->attempt;
  }
};

Result<Journal> read_journal(store::Transaction& tx, const std::set<RunId>& seen) {
  Journal journal;
  const auto runs = store::Runs(tx).unfinished();
  if (!runs) return fail(runs.error());
  for (const store::Run& run : *runs) {
    auto jobs = store::Jobs(tx).list(run.id);
    if (!jobs) return fail(jobs.error());
    journal.under_way.emplace(run.id, std::move(*jobs));
  }
  const auto unknown = store::OldRuns(tx).unknown({seen.begin(), seen.end()});
  if (!unknown) return fail(unknown.error());
  journal.unknown.insert(unknown->begin(), unknown->end());
  return journal;
}

/// One pass over the engine, the journal and the work folder.
class Sweep {
 public:
  Sweep(Collaborators& with, const Settings& settings, const InCare& in_care)
      : with_(with), settings_(settings), in_care_(in_care) {}

  awaitable<Result<SweepSummary>> run() {
    // What there is first, then what the journal says: of a run or a job that begins meanwhile nothing was seen yet.
    Result<void> step = co_await read_open_attempts();
    if (step) step = co_await list_what_is_there();
    if (step) step = co_await ask_the_journal();
    if (!step) co_return fail(std::move(step.error()).in("sweep"));
    co_await remove_containers();
    co_await remove_volumes();
    co_await remove_networks();
    co_await close_attempts();
    co_await remove_checkouts();
    if (failed_) co_return fail(Error(*failed_).in("sweep"));
    co_return summary_;
  }

 private:
  docker::Filters ours() const {
    docker::Filters filters;
    filters.label(std::string(label::kInstance), with_.store.instance());
    return filters;
  }

  [[nodiscard]] bool is_over(const Owner& owner) const {
    return !in_care_.has(owner.run, owner.job, static_cast<int>(owner.attempt)) && journal_.is_over(owner);
  }

  /// Of a run that the journal does not name only its age tells that no other journal is about to.
  [[nodiscard]] bool is_orphan(const Owner& owner, std::optional<Time> created) const {
    if (!owner.run || !is_over(owner)) return false;
    if (!journal_.unknown.contains(owner.run)) return true;
    return !created || with_.clock.now() - *created >= settings_.orphan_grace;
  }

  /// Keeps the first error. False: the others would fail like this one.
  bool goes_on_after(const Error& error) {
    if (!failed_) failed_ = error;
    return !error.transient();
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
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(settings_.work_folder, ignored)) {
      checkouts_.push_back(entry);
    }
    co_return Result<void>();
  }

  [[nodiscard]] std::set<RunId> runs_seen() const {
    std::set<RunId> seen;
    for (const auto& one : containers_) seen.insert(owner_of(one.labels).run);
    for (const auto& one : volumes_) seen.insert(owner_of(one.labels).run);
    for (const auto& one : networks_) seen.insert(owner_of(one.labels).run);
    for (const auto& one : checkouts_) seen.insert(run_of(one));
    return seen;
  }

  awaitable<Result<void>> ask_the_journal() {
    auto work = [seen = runs_seen()](store::Transaction& tx) { return read_journal(tx, seen); };
    auto reading = with_.store.read(std::move(work));
    Result<Journal> journal = co_await std::move(reading);
    if (!journal) co_return fail(journal.error());
    journal_ = std::move(*journal);
    co_return Result<void>();
  }

  awaitable<void> remove_containers() {
    for (const docker::ContainerSummary& container : containers_) kept_.insert(container.name);
    for (const docker::ContainerSummary& container : containers_) {
      if (!is_orphan(owner_of(container.labels), container.created_at)) continue;
      docker::RemoveContainer how;
      how.force = true;
      how.volumes = true;
      auto removing = with_.engine.containers().remove(container.id, how);
      const Result<void> removed = co_await std::move(removing);
      if (!removed && !goes_on_after(removed.error())) co_return;
      if (!removed) continue;
      log::info("orphan removed", {{"container", container.name}});
      kept_.erase(container.name);
      ++summary_.containers;
    }
  }

  awaitable<void> remove_volumes() {
    for (const docker::Volume& volume : volumes_) {
      if (!is_orphan(owner_of(volume.labels), volume.created_at)) continue;
      auto removing = with_.engine.volumes().remove(volume.name);
      const Result<void> removed = co_await std::move(removing);
      if (removed) ++summary_.volumes;
      if (removed || removed.error().kind == Error::Kind::conflict) continue;
      if (!goes_on_after(removed.error())) co_return;
    }
  }

  awaitable<void> remove_networks() {
    for (const docker::Network& network : networks_) {
      if (!is_orphan(owner_of(network.labels), std::nullopt)) continue;
      auto removing = with_.engine.networks().remove(network.id);
      const Result<void> removed = co_await std::move(removing);
      if (removed) ++summary_.networks;
      if (removed || removed.error().kind == Error::Kind::forbidden) continue;
      if (!goes_on_after(removed.error())) co_return;
    }
  }

  /// Attempts that nobody sees to and whose container is gone.
  awaitable<void> close_attempts() {
    for (const store::Attempt& attempt : open_) {
      const store::AttemptKey& key = attempt.key;
      if (kept_.contains(attempt.container_name) || !is_over({key.run, key.job, key.attempt})) continue;
      const Result<void> closed = co_await close(attempt);
      if (!closed && closed.error().kind != Error::Kind::conflict && !goes_on_after(closed.error())) co_return;
    }
  }

  awaitable<Result<void>> close(store::Attempt attempt) {
    const bool with_run = !journal_.under_way.contains(attempt.key.run);
    const std::string why = with_run ? "removed with its run" : "removed, its job had ended";
    auto work = [key = attempt.key, state = attempt.state, log = attempt.log, now = with_.clock.now(),
                 why](store::Transaction& tx) -> Result<void> {
      store::Attempts attempts(tx);
      if (state != store::AttemptState::exited && state != store::AttemptState::quarantined) {
        store::AttemptExit exit;
        exit.error = "interrupted: " + why;
        exit.finished = now;
        exit.log = log;
        if (Result<void> ended = attempts.exited(key, std::move(exit)); !ended) return ended;
      }
      return attempts.removed(key);
    };
    auto writing = with_.store.write(std::move(work));
    const Result<void> closed = co_await std::move(writing);
    if (!closed || attempt.log_name.empty()) co_return closed;
    auto sealing = with_.logs.seal(logs::LogKey(attempt.key.run, attempt.log_name));
    (void)co_await std::move(sealing);
    co_return Result<void>();
  }

  static RunId run_of(const std::filesystem::directory_entry& checkout) {
    return RunId(number_in(SourceTree::run_of(checkout.path())));
  }

  awaitable<void> remove_checkouts() {
    std::vector<std::filesystem::path> gone;
    for (const auto& entry : checkouts_) {
      const std::optional<Time> made = changed_at(entry);
      // Without an age it stays: nobody knows how young it is.
      if (made && is_orphan({run_of(entry), "", 0}, made)) gone.push_back(entry.path());
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
  const InCare& in_care_;
  std::vector<store::Attempt> open_;
  std::vector<docker::ContainerSummary> containers_;
  std::vector<docker::Volume> volumes_;
  std::vector<docker::Network> networks_;
  std::vector<std::filesystem::directory_entry> checkouts_;
  Journal journal_;
  std::set<std::string> kept_;  // names of containers that stay
  std::optional<Error> failed_;
  SweepSummary summary_;
};

}  // namespace

awaitable<Result<SweepSummary>> sweep_orphans(Collaborators& with, const Settings& settings, const InCare& in_care) {
  Sweep sweep(with, settings, in_care);
  co_return co_await sweep.run();
}

}  // namespace slipway::runs
