#include "orchestrator/runs/run_driver.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/log.hpp"
#include "orchestrator/runs/plan_mapping.hpp"
#include "orchestrator/runs/workspace_tar.hpp"
#include "orchestrator/store/events.hpp"
#include "orchestrator/store/jobs.hpp"

namespace slipway::runs {
namespace {

using namespace std::chrono_literals;
using pipelines::PlannedJob;

constexpr Duration kLongestNap = 1s;
constexpr Duration kRetryEvery = 2s;
constexpr std::size_t kLongestReason = 1000;

Outcome outcome_of_error(const Error& error) {
  return {Verdict::error, error.message};
}

/// When the run began, by the clock that deadlines are told by.
Time started_by_deadlines(const DriverTools& tools, const store::Run& run) {
  return run.deadline ? *run.deadline - tools.settings.limits.run_timeout : tools.with.deadlines.get().now();
}

}  // namespace

RunDriver::RunDriver(DriverTools tools, std::shared_ptr<RunContext> context,
                     std::shared_ptr<checkout::Repository> repository, const Executor& executor)
    : tools_(std::move(tools)),
      context_(std::move(context)),
      repository_(std::move(repository)),
      executor_(executor),
      machine_(graph_of(context_->plan), tools_.settings.limits, started_by_deadlines(tools_, context_->run)),
      source_(repository_, tools_.settings.work_folder, context_->run.id, context_->run.trusted, tools_.with.pool,
              executor),
      tasks_(executor),
      finished_(executor) {}

RunDriver::~RunDriver() = default;

awaitable<Result<void>> RunDriver::run() {
  std::exception_ptr escaped;
  Result<void> outcome;
  try {
    outcome = co_await drive();
  } catch (const std::exception&) {
    escaped = std::current_exception();
  }
  co_await allow_cleanup();
  tasks_.cancel();
  co_await tasks_.join();
  if (escaped) std::rethrow_exception(escaped);
  co_return outcome;
}

awaitable<Result<void>> RunDriver::drive() {
  const Result<void> restored = co_await restore();
  if (!restored) co_return fail(restored.error());
  tasks_.spawn("checkout", source_.make(context_->run.commit, context_->run.ref));
  tasks_.spawn("deadlines", keep_time());
  driving_ = true;
  if (!tools_.watch.available()) engine_changed(false);
  perform(machine_.resume(tools_.with.deadlines.get().now()));
  if (!cancel_reason_.empty()) cancel(cancel_reason_);
  co_await finished_.wait();
  co_return co_await finish_run();
}

/// Where the journal says the run stands. A fresh one has all of its jobs pending.
awaitable<Result<void>> RunDriver::restore() {
  auto listing = tools_.with.store.read(&store::Jobs::list, context_->run.id);
  const Result<std::vector<store::Job>> rows = co_await std::move(listing);
  if (!rows) co_return fail(rows.error());
  std::vector<JobState> jobs(machine_.graph().jobs.size());
  std::vector<ImageState> images(machine_.graph().images.size());
  if (rows->size() != jobs.size() + images.size()) {
    co_return fail(Error::Kind::internal, "the journal's jobs are not those of the plan");
  }
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const store::Job& row = (*rows)[i];
    const bool over = row.state == store::JobState::finished;
    const bool held = row.state == store::JobState::blocked && row.attempt > 0;
    const bool running = row.state == store::JobState::running || held;
    const Phase phase = over                      ? Phase::ended
                        : !running                ? Phase::waiting
                        : row.stop_reason.empty() ? Phase::running
                                                  : Phase::stopping;
    const Outcome outcome{over ? verdict_of(row.verdict) : Verdict::passed, row.reason};
    if (i < images.size()) {
      images[i] = {phase, outcome};
      if (phase != Phase::waiting) begun_builds_.insert(i);
      continue;
    }
    JobState& job = jobs[i - images.size()];
    job.phase = phase;
    job.attempt = static_cast<int>(row.attempt);
    job.deadline = row.deadline.value_or(Time{});
    job.outcome = outcome;
    job.stop_reason = row.stop_reason;
    job.held = held;
    const Milliseconds whole = machine_.graph().jobs[i - images.size()].timeout;
    if (held) job.left = row.time_left ? Milliseconds(*row.time_left) : whole;  // an older slipwayd kept none
    if (running) begun_[i - images.size()] = job.attempt;
  }
  // Who is told of it only later would begin jobs first, or end one whose jobs have all ended as if nobody had asked.
  const store::Run& run = context_->run;
  machine_.restore(std::move(jobs), std::move(images), run.cancel_requested ? store::stop_reason(run) : std::string());
  co_return Result<void>();
}

awaitable<void> RunDriver::keep_time() {
  while (!machine_.finished()) {
    const Time now = tools_.with.deadlines.get().now();
    const Time next = machine_.next_deadline().value_or(now + kLongestNap / 1ms * 1ms);
    const Duration nap = std::min<Duration>(next - now, kLongestNap);
    co_await sleep_for(std::max<Duration>(nap, 1ms));
    perform(machine_.tick(tools_.with.deadlines.get().now()));
  }
}

void RunDriver::cancel(std::string reason) {
  if (!driving_) {
    cancel_reason_ = std::move(reason);
    return;
  }
  perform(machine_.cancel(std::move(reason), tools_.with.deadlines.get().now()));
}

void RunDriver::engine_changed(bool available) {
  if (!driving_) return;
  const Time now = tools_.with.clock.now();
  tell_of_engine(available, now);
  for (std::size_t i = 0; i < machine_.jobs().size(); ++i) {
    if (machine_.jobs()[i].phase != Phase::waiting) continue;
    if (available) {
      note("unblock", tools_.with.store.persist(&store::Jobs::unblock, key_of_job(i), now));
    } else {
      const std::string reason = "waits for the engine: " + tools_.watch.reason();
      note("block", tools_.with.store.persist(&store::Jobs::block, key_of_job(i), reason, now));
    }
  }
  const Time present = tools_.with.deadlines.get().now();
  perform(available ? machine_.engine_back(present) : machine_.engine_lost(present));
}

void RunDriver::tell_of_engine(bool available, Time now) {
  store::Event event(available ? "engine.back" : "engine.lost", now);
  event.run = context_->run.id;
  if (!available) event.data = dump_json(Json{{"reason", tools_.watch.reason().substr(0, kLongestReason)}});
  auto work = [event = std::move(event)](store::Transaction& tx) -> Result<void> {
    const Result<std::int64_t> told = store::Events(tx).append(event);
    if (!told) return fail(told.error());
    return {};
  };
  note("tell", tools_.with.store.persist(std::move(work)));
}

void RunDriver::perform(Actions actions) {
  for (const Action& action : actions) {
    std::visit([this](const auto& one) { perform_one(one); }, action);
  }
}

void RunDriver::perform_one(const BuildImage& action) {
  tasks_.spawn("build", build(action.image));
}

void RunDriver::perform_one(const StopBuild& action) {
  stop_of(build_stops_, action.image).ask("stopped");
}

void RunDriver::perform_one(const StartAttempt& action) {
  job_stops_.erase(action.job);  // of the attempt before
  tasks_.spawn("attempt", attempt(action.job, action.attempt, action.deadline));
}

void RunDriver::perform_one(const StopAttempt& action) {
  note("stop",
       tools_.with.store.persist(&store::Jobs::stop, key_of_job(action.job), action.reason, tools_.with.clock.now()));
  stop_of(job_stops_, action.job).ask(action.reason);
  const auto running = jobs_.find(action.job);
  if (running != jobs_.end()) running->second->stop(action.reason);
}

void RunDriver::perform_one(const FinishJob& action) {
  note("finish job",
       tools_.with.store.persist(&store::Jobs::finish, key_of_job(action.job), stored(action.outcome.verdict),
                                 action.outcome.reason, tools_.with.clock.now()));
}

void RunDriver::perform_one(const FinishImage& action) {
  note("finish build",
       tools_.with.store.persist(&store::Jobs::finish, key_of_image(action.image), stored(action.outcome.verdict),
                                 action.outcome.reason, tools_.with.clock.now()));
}

void RunDriver::perform_one(const FinishRun& action) {
  outcome_ = action.outcome;
  finished_.ask("");
}

/// Commits in the background. The store keeps the order in which it was asked, so what is asked for later is later.
void RunDriver::note(std::string what, awaitable<Result<void>> commit) {
  tasks_.spawn(what, commit_noted(what, std::move(commit)));
}

awaitable<void> RunDriver::commit_noted(std::string what, awaitable<Result<void>> commit) {
  const Result<void> done = co_await std::move(commit);
  if (done || done.error().kind == Error::Kind::conflict) co_return;
  log::warn("journal", {{"run", context_->run.id}, {"what", what}, {"error", done.error()}});
}

awaitable<Result<void>> RunDriver::finish_run() {
  for (;;) {
    auto writing = tools_.with.store.persist(&store::Runs::finish, context_->run.id, stored(outcome_.verdict),
                                             outcome_.reason, tools_.with.clock.now());
    const Result<void> written = co_await std::move(writing);
    if (written || written.error().kind == Error::Kind::conflict) break;
    // The disk is full, most likely: what has happened must not be forgotten.
    log::error("run can't be finished in the journal", {{"run", context_->run.id}, {"error", written.error()}});
    co_await sleep_for(kRetryEvery);
  }
  log::info("run finished", {{"run", context_->run.id}, {"verdict", name_of(outcome_.verdict)}});
  co_return Result<void>();
}

awaitable<Result<void>> RunDriver::begin_build(std::size_t image) {
  if (begun_builds_.erase(image) > 0) co_return Result<void>();
  const Time now = tools_.with.clock.now();
  auto writing = tools_.with.store.persist(&store::Jobs::start_attempt, key_of_image(image), 1,
                                           tools_.with.deadlines.get().now() + tools_.settings.limits.run_timeout, now);
  co_return co_await std::move(writing);
}

awaitable<void> RunDriver::build(std::size_t image) {
  auto race = first_of(as_result(build_logged(image)), stop_of(build_stops_, image).wait());
  const auto first = co_await std::move(race);
  Outcome outcome{Verdict::cancelled, "stopped"};
  if (first.index() == 0) {
    const Result<Outcome>& built = std::get<0>(first);
    outcome = built ? *built : outcome_of_error(built.error());
  }
  note("finish build", tools_.with.store.persist(&store::Jobs::finish, key_of_image(image), stored(outcome.verdict),
                                                 outcome.reason, tools_.with.clock.now()));
  perform(machine_.image_ended(image, std::move(outcome), tools_.with.deadlines.get().now()));
}

awaitable<Result<Outcome>> RunDriver::build_logged(std::size_t image) {
  const Result<void> begun = co_await begin_build(image);
  if (!begun) co_return fail(Error(begun.error()).in("journal"));
  const pipelines::PlannedImage& planned = context_->plan.images[image];
  logs::LogKey key(context_->run.id, build_log(planned.name));
  auto opening = RunLog::open(tools_.with.logs, std::move(key), context_->masks, tools_.settings.log_limit);
  Result<std::unique_ptr<RunLog>> log = co_await std::move(opening);
  if (!log) co_return fail(log.error());
  co_await learn_commit_time();
  auto building = build_image(tools_.with, tools_.watch, tools_.images, *context_, source_, planned, **log);
  Result<Outcome> outcome = co_await std::move(building);
  co_await (*log)->seal();
  co_return outcome;
}

/// Images tell of it. Without it they are built all the same.
awaitable<void> RunDriver::learn_commit_time() {
  if (context_->committed_at != Time{}) co_return;
  const Result<void> there = co_await repository_->ensure(context_->run.commit, context_->run.ref);
  if (!there) co_return;
  auto reading = repository_->read(context_->run.commit, context_->project.settings.pipeline_file);
  const Result<checkout::CommitFile> file = co_await std::move(reading);
  if (file) context_->committed_at = file->commit.committed_at;
}

awaitable<Result<void>> RunDriver::begin_attempt(std::size_t job, int number, Time deadline) {
  const auto begun = begun_.find(job);
  if (begun != begun_.end() && begun->second == number) co_return Result<void>();
  auto writing = tools_.with.store.persist(&store::Jobs::start_attempt, key_of_job(job), std::int64_t{number}, deadline,
                                           tools_.with.clock.now());
  co_return co_await std::move(writing);
}

awaitable<void> RunDriver::attempt(std::size_t job, int number, Time deadline) {
  // Side by side: the store commits in the order it is asked, so no container is intended before its attempt.
  auto both = all_of(begin_attempt(job, number, deadline), as_result(work_on(job, number, deadline)));
  auto [begun, worked] = co_await std::move(both);
  Outcome outcome = worked ? *worked : outcome_of_error(worked.error());
  if (!begun) outcome = outcome_of_error(Error(begun.error()).in("journal"));
  jobs_.erase(job);
  perform(machine_.attempt_ended(job, number, std::move(outcome), tools_.with.deadlines.get().now()));
}

awaitable<Result<Outcome>> RunDriver::work_on(std::size_t job, int number, Time deadline) {
  switch (context_->plan.jobs[job].kind) {
    case PlannedJob::Kind::push:
      co_return co_await push(job, number);
    case PlannedJob::Kind::deploy:
      co_return co_await deploy(job, number);
    case PlannedJob::Kind::run:
      break;
  }
  co_return co_await run_steps(job, number, deadline);
}

awaitable<Result<Outcome>> RunDriver::run_steps(std::size_t job, int number, Time deadline) {
  const PlannedJob& planned = context_->plan.jobs[job];
  Result<JobOrder> order = job_order(*context_, planned, number, deadline, tools_.settings);
  const bool found = begun_.contains(job);
  if (!order && !found) co_return outcome_of_error(order.error());
  if (!order) order = order_to_end(*context_, planned, number, deadline, tools_.settings, order.error());
  order->source = source_.folder().string();
  std::vector<store::Attempt> records;
  if (found) {
    auto listing = tools_.with.store.read(&store::Attempts::list, context_->run.id);
    Result<std::vector<store::Attempt>> all = co_await std::move(listing);
    if (!all) co_return fail(all.error());
    for (store::Attempt& record : *all) {
      if (record.key.job == planned.id && record.key.attempt == number) records.push_back(std::move(record));
    }
  }
  StepTools step(tools_.with.engine, tools_.watch, tools_.with.logs, tools_.with.store, tools_.with.clock);
  JobTools tools(step, tools_.images, tools_.cleanup, tools_.in_care);
  tools.network = tools_.network;
  tools.fill = [this](std::string container, std::string) { return fill(std::move(container)); };
  const auto run = std::make_shared<JobRun>(std::move(tools), std::move(*order), std::move(records), executor_);
  jobs_[job] = run;
  const auto asked = job_stops_.find(job);
  if (asked != job_stops_.end() && asked->second->asked()) run->stop(asked->second->reason());
  co_return co_await run->run();
}

awaitable<Result<void>> RunDriver::fill(std::string container) {
  const Result<std::filesystem::path> folder = co_await source_.ready();
  if (!folder) co_return fail(folder.error());
  for (;;) {
    auto putting =
        tools_.with.engine.archives().put(container, std::string(kWorkspace), workspace_tar(tools_.with.pool, *folder));
    const Result<void> put = co_await std::move(putting);
    if (put) co_return Result<void>();
    if (!put.error().transient()) co_return fail(Error(put.error()).in("fill the workspace"));
    co_await sleep_for(200ms);
    co_await tools_.watch.until_available();
  }
}

awaitable<Result<Outcome>> RunDriver::push(std::size_t job, int number) {
  const PlannedJob& planned = context_->plan.jobs[job];
  logs::LogKey key(context_->run.id, work_log(planned.id, number));
  auto opening = RunLog::open(tools_.with.logs, std::move(key), context_->masks, tools_.settings.log_limit);
  Result<std::unique_ptr<RunLog>> log = co_await std::move(opening);
  if (!log) co_return fail(log.error());
  auto pushing = push_image(tools_.with, tools_.watch, *context_, *planned.push, tools_.registry, **log);
  auto race = first_of(as_result(std::move(pushing)), stop_of(job_stops_, job).wait());
  const auto first = co_await std::move(race);
  co_await (*log)->seal();
  if (first.index() == 0) co_return std::get<0>(first);
  co_return Outcome{Verdict::cancelled, stop_of(job_stops_, job).reason()};
}

awaitable<Result<Outcome>> RunDriver::deploy(std::size_t job, int number) {
  const PlannedJob& planned = context_->plan.jobs[job];
  logs::LogKey log_key(context_->run.id, work_log(planned.id, number));
  auto opening = RunLog::resume(tools_.with.logs, std::move(log_key), context_->masks, tools_.settings.log_limit);
  Result<std::unique_ptr<RunLog>> log = co_await std::move(opening);
  if (!log) co_return fail(log.error());
  DeploymentNews news;
  news.say = [&log](std::string line) { (*log)->say(line); };
  news.waits = [this, job, number](std::string reason) { deployment_waits(job, number, std::move(reason)); };
  auto rolling = deploy_or_take_up(job, number, std::move(news));
  // A stop is passed on, and the rollout then comes to its own end: it may have to go back first.
  auto stopping = pass_on_stop(stop_of(job_stops_, job), DeploymentKey{context_->run.id, planned.id, number});
  auto race = first_of(as_result(std::move(rolling)), std::move(stopping));
  auto first = co_await std::move(race);
  co_await (*log)->seal();
  co_return std::move(std::get<0>(first));
}

/// A rollout that an earlier process has begun goes on whatever has become of what it was made from.
awaitable<Result<Outcome>> RunDriver::deploy_or_take_up(std::size_t job, int number, DeploymentNews news) {
  const PlannedJob& planned = context_->plan.jobs[job];
  if (begun_.contains(job)) {
    auto looking = tools_.with.deployer.take_up(DeploymentKey{context_->run.id, planned.id, number}, news);
    Result<std::optional<Outcome>> known = co_await std::move(looking);
    if (!known) co_return fail(known.error());
    if (*known) co_return std::move(**known);
  }
  // Not so if it was taken up, and its mirror was removed meanwhile.
  const Result<void> there = co_await repository_->ensure(context_->run.commit, context_->run.ref);
  if (!there) co_return outcome_of_error(there.error());
  auto asking = deploy_request(tools_.with, *context_, *repository_, planned, number);
  Result<DeployRequest> request = co_await std::move(asking);
  if (!request) {
    const bool journal = request.error().kind == Error::Kind::internal;
    co_return Outcome{journal ? Verdict::error : Verdict::failed, request.error().message};
  }
  auto rolling = tools_.with.deployer.deploy(std::move(*request), std::move(news));
  co_return co_await std::move(rolling);
}

void RunDriver::deployment_waits(std::size_t job, int number, std::string reason) {
  const Time now = tools_.with.clock.now();
  if (!reason.empty()) {
    machine_.hold(job, number, tools_.with.deadlines.get().now());
    return note("hold job", tools_.with.store.persist(&store::Jobs::hold, key_of_job(job), std::move(reason),
                                                      machine_.jobs()[job].left, now));
  }
  if (!machine_.release(job, number, tools_.with.deadlines.get().now())) return;
  note("release job", tools_.with.store.persist(&store::Jobs::release, key_of_job(job), machine_.jobs()[job].deadline,
                                                machine_.run_deadline(), now));
}

/// Again and again: what it stops may only be about to begin.
awaitable<void> RunDriver::pass_on_stop(StopSignal& stop, DeploymentKey key) {
  co_await stop.wait();
  for (;; co_await sleep_for(100ms)) tools_.with.deployer.stop(key, stop.reason());
}

store::JobKey RunDriver::key_of_job(std::size_t job) const {
  const PlannedJob& planned = context_->plan.jobs[job];
  const auto kind = planned.kind == PlannedJob::Kind::push     ? store::JobKind::push
                    : planned.kind == PlannedJob::Kind::deploy ? store::JobKind::deploy
                                                               : store::JobKind::run;
  return {context_->run.id, kind, planned.id};
}

store::JobKey RunDriver::key_of_image(std::size_t image) const {
  return {context_->run.id, store::JobKind::build, context_->plan.images[image].name};
}

StopSignal& RunDriver::stop_of(std::map<std::size_t, std::unique_ptr<StopSignal>>& signals, std::size_t index) {
  std::unique_ptr<StopSignal>& signal = signals[index];
  if (!signal) signal = std::make_unique<StopSignal>(executor_);
  return *signal;
}

}  // namespace slipway::runs
