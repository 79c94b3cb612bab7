#include "orchestrator/runs/run_service.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "base/memory.hpp"
#include "images/reference.hpp"
#include "orchestrator/checkout/mirrors.hpp"
#include "orchestrator/runs/anchor_image.hpp"
#include "orchestrator/runs/housekeeping.hpp"
#include "orchestrator/runs/job_network.hpp"
#include "orchestrator/runs/plan_mapping.hpp"
#include "orchestrator/runs/preparation.hpp"

namespace slipway::runs {
namespace {

using namespace std::chrono_literals;

constexpr Duration kSweepEvery = 1min;
constexpr Duration kTidyEvery = 10min;
constexpr Duration kCommitAgainEvery = 2s;
constexpr Duration kNetworkLimit = 2s;
constexpr std::size_t kFetchedAhead = 4;  // projects at a time

std::string mirror_of(ProjectId project) {
  return "project-" + to_string(project);
}

}  // namespace

/// One run under way.
struct RunService::Active {
  explicit Active(const Executor& executor) : stop(executor) {}
  StopSignal stop;
  std::string project;                // once it is known: before anything is fetched or built
  std::unique_ptr<RunDriver> driver;  // once it is planned
};

RunService::RunService(Collaborators with, Settings settings, const Executor& executor)
    : with_(std::move(with)),
      settings_(std::move(settings)),
      executor_(executor),
      watch_(with_.engine, executor),
      images_(
          with_.engine.images(), watch_, [this](std::string repository) { return auth_for(std::move(repository)); },
          executor, with_.transfer_lines),
      registry_(with_.registry_pool, with_.clock, settings_.registries),
      tasks_(executor),
      cleanup_(executor),
      network_([this] { return std::pair(watch_.outages(), watch_.removals()); }, [this] { return make_network(); }) {}

RunService::~RunService() = default;

awaitable<Result<void>> RunService::open() {
  std::error_code code;
  std::filesystem::create_directories(settings_.work_folder, code);
  if (code) co_return fail(Error::Kind::internal, settings_.work_folder.string() + ": " + code.message());
  const Result<void> prepared = checkout::prepare_git(with_.git);
  if (!prepared) co_return fail(prepared.error());
  co_return co_await with_.logs.recover();
}

awaitable<void> RunService::watch(std::function<void(bool)> on_engine) {
  std::function<void(bool)> tell = [this, on_engine = std::move(on_engine)](bool available) {
    if (on_engine) on_engine(available);
    for (const auto& [id, active] : active_) {
      if (active->driver) active->driver->engine_changed(available);
    }
  };
  auto both = all_of(watch_.run(std::move(tell)), sweep_now_and_then());
  co_await std::move(both);
}

awaitable<void> RunService::sweep_now_and_then() {
  for (;;) {
    co_await watch_.until_available();
    // What a damaged journal does not name need not be an orphan.
    while (with_.store.condition().kind == store::Condition::Kind::read_only) co_await sleep_for(kSweepEvery);
    const Result<SweepSummary> swept = co_await sweep_orphans(with_, settings_, in_care_);
    if (!swept) log::warn("orphans", {{"error", swept.error()}});
    co_await sleep_for(kSweepEvery);
  }
}

awaitable<void> RunService::keep_tidy() {
  for (;;) {
    auto forgetting = forget_old_runs(with_.store, with_.logs, with_.clock.now(), settings_.keep);
    const Result<std::size_t> runs = co_await std::move(forgetting);
    if (!runs) log::warn("old runs stay", {{"error", runs.error()}});
    if (watch_.available()) {
      std::function<bool(const std::string&)> busy = [this](const std::string& project) { return is_busy(project); };
      auto removing = remove_old_images(with_, settings_.keep_images, std::move(busy));
      const Result<std::size_t> images = co_await std::move(removing);
      if (!images) log::warn("old images stay", {{"error", images.error()}});
    }
    co_await tidy_mirrors();
    co_await remove_old_mirrors();
    co_await sleep_for(kTidyEvery);
  }
}

/// Those of projects that are gone, and of submodules that nothing names any more; of the others old files of LFS.
awaitable<void> RunService::remove_old_mirrors() {
  const Result<std::vector<store::Project>> projects = co_await with_.store.read(&store::Projects::list);
  if (!projects) co_return;
  checkout::MirrorRetention keep;
  keep.commits = settings_.keep_commits;
  for (const store::Project& project : *projects) {
    keep.owners.insert(mirror_of(project.id));
    if (is_busy(project.name)) keep.busy.insert(mirror_of(project.id));
  }
  std::erase_if(repositories_, [&](const auto& entry) { return !keep.owners.contains(mirror_of(entry.first)); });
  using Removed = std::pair<std::size_t, std::size_t>;
  std::function<Removed()> work = [folder = with_.git.folder, keep] {
    const std::size_t files = checkout::remove_old_lfs_files(folder, keep);
    return Removed(checkout::remove_old_mirrors(folder, keep), files);
  };
  const auto [mirrors, files] = co_await with_.pool.run(std::move(work));
  if (mirrors > 0) log::info("git mirrors removed", {{"count", static_cast<std::int64_t>(mirrors)}});
  if (files > 0) log::info("LFS files removed", {{"count", static_cast<std::int64_t>(files)}});
}

/// A run that begins meanwhile waits for its fetch until the mirror is free; one that has fetched has its project busy.
awaitable<void> RunService::tidy_mirrors() {
  const auto mirrors = repositories_;
  for (const auto& [id, mirror] : mirrors) {
    if (is_busy(mirror.project)) continue;
    const Result<void> collected = co_await mirror.repository->collect_garbage(settings_.keep_commits);
    if (!collected) log::warn("git mirror not tidied", {{"project", mirror.project}, {"error", collected.error()}});
  }
}

bool RunService::is_busy(const std::string& project) const {
  return std::any_of(active_.begin(), active_.end(),
                     [&](const auto& entry) { return entry.second->project == project; });
}

void RunService::fetch_ahead(store::Project project, const store::Run& run) {
  if (run.commit.empty() || fetching_ahead_.size() >= kFetchedAhead) return;
  if (!fetching_ahead_.insert(project.id).second) return;
  tasks_.spawn("fetch ahead", fetch_now(std::move(project), run.commit, run.ref));
}

/// What goes wrong is the run's to find out, and to tell.
awaitable<void> RunService::fetch_now(store::Project project, std::string commit, std::string ref) {
  struct Done {
    std::set<ProjectId>& fetching;
    ProjectId project;
    ~Done() { fetching.erase(project); }
  } const done{fetching_ahead_, project.id};
  auto opening = with_.open_project(project);
  const Result<ProjectAccess> access = co_await std::move(opening);
  if (!access) co_return;
  const auto repository = co_await repository_of(project, *access);
  if (!repository) co_return;
  auto fetching =
      (*repository)->fetch_ahead(std::move(commit), std::move(ref), std::move(project.settings.pipeline_file));
  const Result<void> fetched = co_await std::move(fetching);
  if (!fetched) log::debug("not fetched ahead", {{"project", project.name}, {"reason", fetched.error()}});
}

void RunService::start(RunId run) {
  auto [place, fresh] = active_.try_emplace(run);
  if (!fresh) return;
  place->second = std::make_shared<Active>(executor_);
  tasks_.spawn("run", drive(run, place->second));
}

void RunService::stop(RunId run, std::string reason) {
  const auto found = active_.find(run);
  if (found == active_.end()) return;
  found->second->stop.ask(reason);
  if (found->second->driver) found->second->driver->cancel(std::move(reason));
}

awaitable<void> RunService::drive(RunId id, std::shared_ptr<Active> active) {
  const Result<void> done = co_await drive_to_end(id, active);
  if (!done) {
    log::error("run ended by an error of the daemon", {{"run", id}, {"error", done.error()}});
    Outcome outcome{Verdict::error, done.error().message};
    co_await finish(id, std::move(outcome));
  }
  active_.erase(id);
  auto work = [folder = settings_.work_folder, id] {
    SourceTree::remove(folder, id);
    give_memory_back();
    return true;
  };
  (void)co_await with_.pool.run(std::move(work));
}

awaitable<Result<void>> RunService::drive_to_end(RunId id, std::shared_ptr<Active> active) {
  auto reading = with_.store.read(&store::Runs::get, id);
  Result<store::Run> run = co_await std::move(reading);
  if (!run) co_return fail(run.error());
  auto looking = with_.store.read(&store::Projects::get, run->project);
  Result<store::Project> project = co_await std::move(looking);
  if (!project) co_return fail(project.error());
  active->project = project->name;
  auto opening = with_.open_project(*project);
  Result<ProjectAccess> access = co_await std::move(opening);
  if (!access) co_return fail(std::move(access.error()).in("project's secrets"));
  const auto repository = co_await repository_of(*project, *access);
  if (!repository) {
    Outcome outcome{Verdict::failed, repository.error().message};
    co_await finish(id, std::move(outcome));
    co_return Result<void>();
  }
  if (!run->trusted) {
    access->secrets.clear();
    access->former_secrets.clear();
    access->registries = RegistryGrants::none();
  }
  PlanSeen planned = [this](const pipelines::Plan& plan) { look_for_images(plan); };
  // What is under way has containers and rollouts to be stopped, which takes its driver.
  const bool under_way = run->state == store::RunState::running;
  auto preparing = prepare_run(with_, settings_, registry_, std::move(*run), std::move(*project), std::move(*access),
                               **repository, std::move(planned));
  StopSignal never(executor_);
  auto race = first_of(std::move(preparing), (under_way ? never : active->stop).wait());
  auto first = co_await std::move(race);
  if (first.index() == 1) {
    Outcome outcome{Verdict::cancelled, active->stop.reason()};
    co_await finish(id, std::move(outcome));
    co_return Result<void>();
  }
  Result<Preparation>& prepared = std::get<0>(first);
  if (!prepared) co_return fail(prepared.error());
  if (prepared->ended) {
    co_await finish(id, *prepared->ended);
    co_return Result<void>();
  }
  active->driver = std::make_unique<RunDriver>(driver_tools(), prepared->context, *repository, executor_);
  auto driving = active->driver->run();
  if (active->stop.asked()) active->driver->cancel(active->stop.reason());
  co_return co_await std::move(driving);
}

/// For the jobs that begin at once, while the run is committed as started.
void RunService::look_for_images(const pipelines::Plan& plan) {
  for (const pipelines::PlannedJob& job : plan.jobs) {
    if (!job.needs.empty() || !job.images.empty() || job.condition.never()) continue;
    for (const pipelines::PlannedStep& step : job.steps) {
      if (!step.image.reference.empty()) images_.look_ahead(step.image.reference);
    }
  }
}

/// One mirror per project, made anew when its address or its credentials change.
awaitable<Result<std::shared_ptr<checkout::Repository>>> RunService::repository_of(store::Project project,
                                                                                   ProjectAccess access) {
  const std::string settings = sha256_hex(project.clone_url + "\n" + project.clone_username + "\n" +
                                          project.sealed_clone_password + "\n" + project.sealed_clone_ssh_key);
  Mirror& mirror = repositories_[project.id];
  if (mirror.repository && mirror.settings == settings) co_return mirror.repository;
  Result<checkout::GitUrl> url = checkout::parse_git_url(project.clone_url, with_.git.urls);
  if (!url) co_return fail(url.error());
  mirror.repository =
      std::make_shared<checkout::Repository>(with_.git, mirror_of(project.id), std::move(*url), std::move(access.git));
  mirror.settings = settings;
  mirror.project = project.name;
  co_return mirror.repository;
}

awaitable<void> RunService::finish(RunId id, Outcome outcome) {
  for (;;) {
    auto writing =
        with_.store.persist(&store::Runs::finish, id, stored(outcome.verdict), outcome.reason, with_.clock.now());
    const Result<void> written = co_await std::move(writing);
    if (written || written.error().kind == Error::Kind::conflict) break;
    log::error("run can't be finished in the journal", {{"run", id}, {"error", written.error()}});
    co_await sleep_for(kCommitAgainEvery);
  }
  log::info("run finished", {{"run", id}, {"verdict", name_of(outcome.verdict)}, {"reason", outcome.reason}});
}

awaitable<Result<docker::RegistryAuth>> RunService::auth_for(std::string repository) {
  const Result<images::Reference> reference = images::parse_reference(repository);
  if (!reference) co_return fail(reference.error());
  auto finding = with_.registries.for_registry(reference->registry);
  co_return co_await std::move(finding);
}

awaitable<Result<std::pair<std::string, std::string>>> RunService::make_network() {
  const auto network_call = [this] { return ensure_job_network(with_.engine, with_.store.instance()); };
  Result<std::string> network = co_await watch_.persist(network_call);
  if (!network) co_return fail(network.error());
  const auto image_call = [this] { return ensure_anchor_image(with_.engine.images(), with_.store.instance()); };
  Result<std::string> image = co_await watch_.persist(image_call);
  if (!image) co_return fail(image.error());
  co_return std::pair(std::move(*network), std::move(*image));
}

DriverTools RunService::driver_tools() {
  DriverTools tools(with_, settings_, watch_, images_, registry_, cleanup_, in_care_);
  tools.network = [this] { return network_.get(); };
  return tools;
}

/// Without runs to go on with, nothing of ours stays in the engine. It refuses while a container is in the network.
awaitable<void> RunService::remove_network() {
  auto reading = with_.store.read(&store::Runs::unfinished);
  const Result<std::vector<store::Run>> unfinished = co_await std::move(reading);
  if (!unfinished || !unfinished->empty() || !watch_.available()) co_return;
  auto limited = with_deadline(kNetworkLimit, remove_job_network(with_.engine, with_.store.instance()),
                               "removing the job network");
  const Result<void> removed = co_await std::move(limited);
  if (!removed) log::info("the job network stays", {{"reason", removed.error()}});
}

awaitable<void> RunService::close() {
  tasks_.cancel();
  co_await tasks_.join();
  cleanup_.cancel();
  co_await cleanup_.join();
  co_await images_.close();
  co_await remove_network();
}

}  // namespace slipway::runs
