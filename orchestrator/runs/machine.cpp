#include "orchestrator/runs/machine.hpp"

#include <algorithm>
#include <array>

#include "pipelines/yaml_decoder.hpp"

namespace slipway::runs {
namespace {

bool is_bad(Verdict verdict) {
  return verdict == Verdict::failed || verdict == Verdict::error || verdict == Verdict::interrupted;
}

/// What outweighs what in the verdict of a run.
int weight(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
    case Verdict::skipped:
      return 0;
    case Verdict::failed:
      return 1;
    case Verdict::interrupted:
      return 2;
    case Verdict::error:
      return 3;
    case Verdict::cancelled:
      return 4;
  }
  return 0;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  constexpr std::array<std::string_view, 6> kNames = {"passed",      "failed",    "error",
                                                      "interrupted", "cancelled", "skipped"};
  return kNames[static_cast<std::size_t>(verdict)];
}

Machine::Machine(Graph graph, Limits limits, Time started)
    : graph_(std::move(graph)),
      limits_(limits),
      jobs_(graph_.jobs.size()),
      images_(graph_.images.size()),
      give_up_(graph_.jobs.size(), Time::max()),
      unwanted_(graph_.images.size(), true),
      run_deadline_(started + limits.run_timeout) {
  for (const JobNode& job : graph_.jobs) {
    for (const std::size_t image : job.images) unwanted_[image] = false;
  }
}

void Machine::restore(std::vector<JobState> jobs, std::vector<ImageState> images, std::string cancel_reason) {
  jobs_ = std::move(jobs);
  images_ = std::move(images);
  stop_reason_ = std::move(cancel_reason);
}

Actions Machine::resume(Time now) {
  Actions actions;
  for (std::size_t i = 0; i < images_.size(); ++i) {
    if (images_[i].phase == Phase::stopping) images_[i].phase = Phase::running;
    if (images_[i].phase == Phase::running) actions.push_back(BuildImage{i});
  }
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    JobState& job = jobs_[i];
    if (job.phase != Phase::running && job.phase != Phase::stopping) continue;
    const std::string reason = job.phase == Phase::stopping ? job.stop_reason : "";
    job.phase = Phase::running;
    actions.push_back(StartAttempt{i, job.attempt, job.deadline});
    if (!reason.empty()) stop(i, reason, now, actions);
  }
  if (stopped()) stop_all(stop_reason_, now, actions);
  Actions more = advance(now);
  std::move(more.begin(), more.end(), std::back_inserter(actions));
  return actions;
}

Actions Machine::image_ended(std::size_t image, Outcome outcome, Time now) {
  ImageState& state = images_[image];
  if (finished_ || state.phase == Phase::ended) return {};
  if (state.phase == Phase::stopping && outcome.verdict != Verdict::passed) outcome = {stop_verdict_, stop_reason_};
  state.phase = Phase::ended;
  state.outcome = std::move(outcome);
  return advance(now);
}

Actions Machine::attempt_ended(std::size_t job, int attempt, Outcome outcome, Time now) {
  JobState& state = jobs_[job];
  const bool expected = state.phase == Phase::running || state.phase == Phase::stopping;
  if (finished_ || !expected || attempt != state.attempt) return {};
  if (state.phase == Phase::stopping) outcome = outcome_of_stopped(state, outcome);
  give_up_[job] = Time::max();
  Actions actions;
  if (may_retry(job, outcome)) {
    state.phase = Phase::waiting;
    state.outcome = std::move(outcome);
    state.stop_reason.clear();
  } else {
    end_job(job, std::move(outcome), actions);
  }
  Actions more = advance(now);
  std::move(more.begin(), more.end(), std::back_inserter(actions));
  return actions;
}

bool Machine::hold(std::size_t job, int attempt, Time now) {
  JobState& state = jobs_[job];
  if (state.phase != Phase::running || state.attempt != attempt || state.held) return false;
  state.left = std::max(state.deadline - now, Milliseconds(0));
  return state.held = true;
}

bool Machine::release(std::size_t job, int attempt, Time now) {
  JobState& state = jobs_[job];
  if (state.attempt != attempt || !std::exchange(state.held, false)) return false;
  state.deadline = now + state.left;
  run_deadline_ = std::max(run_deadline_, now + limits_.run_timeout);
  return true;
}

bool Machine::any_held() const {
  return std::any_of(jobs_.begin(), jobs_.end(),
                     [](const JobState& job) { return job.phase == Phase::running && job.held; });
}

Actions Machine::cancel(std::string reason, Time now) {
  Actions actions;
  if (finished_ || stopped()) return actions;
  stop_reason_ = std::move(reason);
  stop_all(stop_reason_, now, actions);
  Actions more = advance(now);
  std::move(more.begin(), more.end(), std::back_inserter(actions));
  return actions;
}

Actions Machine::engine_lost(Time now) {
  engine_out_ = true;
  return advance(now);
}

Actions Machine::engine_back(Time now) {
  engine_out_ = false;
  return advance(now);
}

Actions Machine::tick(Time now) {
  return advance(now);
}

std::optional<Time> Machine::next_deadline() const {
  if (finished_) return std::nullopt;
  Time next = stopped() || any_held() ? Time::max() : run_deadline_;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (jobs_[i].phase == Phase::running && !jobs_[i].held) next = std::min(next, jobs_[i].deadline);
    if (jobs_[i].phase == Phase::stopping) next = std::min(next, give_up_[i]);
  }
  next = std::min(next, builds_give_up_);
  return next == Time::max() ? std::nullopt : std::optional(next);
}

/// Brings everything forward that can be. Jobs come after what they need, so one pass is enough.
Actions Machine::advance(Time now) {
  Actions actions;
  if (finished_) return actions;
  expire(now, actions);
  build_unwanted_images(actions);
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (jobs_[i].phase == Phase::waiting) advance_job(i, now, actions);
  }
  finish_if_done(actions);
  return actions;
}

void Machine::advance_job(std::size_t index, Time now, Actions& actions) {
  const JobNode& node = graph_.jobs[index];
  if (stopped()) return end_job(index, {stop_verdict_, stop_reason_}, actions);
  const auto ended = [this](std::size_t need) { return jobs_[need].phase == Phase::ended; };
  if (!std::all_of(node.needs.begin(), node.needs.end(), ended)) return;
  if (auto reason = reason_to_skip(index)) return end_job(index, {Verdict::skipped, std::move(*reason)}, actions);
  bool built = true;
  for (const std::size_t image : node.images) {
    const ImageState& state = images_[image];
    if (state.phase == Phase::ended && state.outcome.verdict != Verdict::passed) {
      return end_job(index, {Verdict::skipped, "image '" + graph_.images[image].key + "' was not built"}, actions);
    }
    if (state.phase == Phase::waiting && !engine_out_) build(image, actions);
    built = built && state.phase == Phase::ended;
  }
  if (built && !engine_out_ && running() < limits_.parallel_jobs) start(index, now, actions);
}

void Machine::start(std::size_t index, Time now, Actions& actions) {
  JobState& job = jobs_[index];
  job.phase = Phase::running;
  ++job.attempt;
  job.deadline = now + graph_.jobs[index].timeout;
  actions.push_back(StartAttempt{index, job.attempt, job.deadline});
}

void Machine::build(std::size_t image, Actions& actions) {
  images_[image].phase = Phase::running;
  actions.push_back(BuildImage{image});
}

void Machine::end_job(std::size_t index, Outcome outcome, Actions& actions) {
  jobs_[index].phase = Phase::ended;
  jobs_[index].outcome = outcome;
  actions.push_back(FinishJob{index, std::move(outcome)});
}

void Machine::end_image(std::size_t index, Outcome outcome, Actions& actions) {
  images_[index].phase = Phase::ended;
  images_[index].outcome = outcome;
  actions.push_back(FinishImage{index, std::move(outcome)});
}

void Machine::stop(std::size_t index, const std::string& reason, Time now, Actions& actions) {
  JobState& job = jobs_[index];
  if (job.phase != Phase::running) return;
  job.phase = Phase::stopping;
  job.stop_reason = reason;
  give_up_[index] = now + (graph_.jobs[index].rolls_out ? limits_.way_back_limit : limits_.stop_limit);
  actions.push_back(StopAttempt{index, reason});
}

void Machine::stop_all(const std::string& reason, Time now, Actions& actions) {
  for (std::size_t i = 0; i < jobs_.size(); ++i) stop(i, reason, now, actions);
  for (std::size_t i = 0; i < images_.size(); ++i) {
    ImageState& image = images_[i];
    if (image.phase == Phase::waiting) end_image(i, {stop_verdict_, reason}, actions);
    if (image.phase != Phase::running) continue;
    image.phase = Phase::stopping;
    builds_give_up_ = now + limits_.stop_limit;
    actions.push_back(StopBuild{i});
  }
}

void Machine::expire(Time now, Actions& actions) {
  if (!stopped() && !any_held() && now >= run_deadline_) {
    stop_reason_ = "the run took longer than its limit of " + pipelines::format_duration(limits_.run_timeout);
    stop_verdict_ = Verdict::failed;
    stop_all(stop_reason_, now, actions);
  }
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (jobs_[i].phase == Phase::running && !jobs_[i].held && now >= jobs_[i].deadline)
      stop(i, "timeout of " + pipelines::format_duration(graph_.jobs[i].timeout), now, actions);
    if (jobs_[i].phase != Phase::stopping || now < give_up_[i]) continue;
    Outcome outcome = outcome_of_stopped(jobs_[i], {Verdict::interrupted, ""});
    outcome.reason += graph_.jobs[i].rolls_out ? "; its rollout goes on" : "; the engine has not confirmed the stop";
    end_job(i, std::move(outcome), actions);
  }
  if (now < builds_give_up_) return;
  builds_give_up_ = Time::max();
  for (std::size_t i = 0; i < images_.size(); ++i) {
    if (images_[i].phase == Phase::stopping) end_image(i, {stop_verdict_, stop_reason_}, actions);
  }
}

/// An image that no job uses is built all the same: it is in the file to be checked.
void Machine::build_unwanted_images(Actions& actions) {
  if (engine_out_ || stopped()) return;
  for (std::size_t i = 0; i < images_.size(); ++i) {
    if (unwanted_[i] && images_[i].phase == Phase::waiting) build(i, actions);
  }
}

void Machine::finish_if_done(Actions& actions) {
  for (const JobState& job : jobs_) {
    if (job.phase != Phase::ended) return;
  }
  for (std::size_t i = 0; i < images_.size(); ++i) {
    const Phase phase = images_[i].phase;
    if (phase == Phase::running || phase == Phase::stopping || (phase == Phase::waiting && unwanted_[i])) return;
  }
  for (std::size_t i = 0; i < images_.size(); ++i) {
    if (images_[i].phase != Phase::waiting) continue;
    end_image(i, {Verdict::skipped, "no job that ran needs it"}, actions);
  }
  finished_ = true;
  actions.push_back(FinishRun{outcome_of_run()});
}

/// Whether some job before this one, however far, did not pass. Told forward: walking back would visit a diamond twice.
bool Machine::failed_before(std::size_t index) const {
  std::vector<bool> failed(index + 1, false);
  const auto not_built = [this](std::size_t image) {
    return images_[image].phase == Phase::ended && is_bad(images_[image].outcome.verdict);
  };
  for (std::size_t job = 0; job <= index; ++job) {
    const auto& needs = graph_.jobs[job].needs;
    failed[job] = std::any_of(needs.begin(), needs.end(), [&](std::size_t need) {
      const auto& images = graph_.jobs[need].images;
      return failed[need] || is_bad(jobs_[need].outcome.verdict) ||
             std::any_of(images.begin(), images.end(), not_built);
    });
  }
  return failed[index];
}

std::optional<std::string> Machine::reason_to_skip(std::size_t index) const {
  const JobNode& node = graph_.jobs[index];
  const auto not_passed = std::find_if(node.needs.begin(), node.needs.end(), [this](std::size_t need) {
    return jobs_[need].outcome.verdict != Verdict::passed;
  });
  const bool failed = failed_before(index);
  const bool holds = failed                           ? node.condition.after_failure
                     : not_passed != node.needs.end() ? node.condition.after_skip
                                                      : node.condition.after_success;
  if (holds) return std::nullopt;
  if (!node.never.empty()) return node.never;
  if (not_passed == node.needs.end()) return failed ? "a job before it failed" : "its condition is false";
  const Verdict verdict = jobs_[*not_passed].outcome.verdict;
  return "job '" + graph_.jobs[*not_passed].key + "' " +
         (verdict == Verdict::skipped ? "was skipped" : "ended as " + std::string(name_of(verdict)));
}

bool Machine::may_retry(std::size_t index, const Outcome& outcome) const {
  const RetryRule& rule = graph_.jobs[index].retry;
  if (stopped() || jobs_[index].attempt > rule.max) return false;
  return (outcome.verdict == Verdict::failed && rule.on_failure) ||
         (outcome.verdict == Verdict::interrupted && rule.on_interrupted);
}

/// One that was being stopped ended by the stop, unless it got through before.
Outcome Machine::outcome_of_stopped(const JobState& job, const Outcome& seen) const {
  if (seen.verdict == Verdict::passed) return seen;
  if (stopped() && job.stop_reason == stop_reason_) return {stop_verdict_, stop_reason_};
  return {Verdict::failed, job.stop_reason};
}

std::size_t Machine::running() const {
  return static_cast<std::size_t>(std::count_if(jobs_.begin(), jobs_.end(), [](const JobState& job) {
    return job.phase == Phase::running || job.phase == Phase::stopping;
  }));
}

Outcome Machine::outcome_of_run() const {
  if (stopped()) return {stop_verdict_, stop_reason_};
  Outcome worst;
  const auto consider = [&](const Outcome& outcome, const std::string& what) {
    if (weight(outcome.verdict) <= weight(worst.verdict)) return;
    worst = {outcome.verdict, what + ": " + outcome.reason};
  };
  for (std::size_t i = 0; i < images_.size(); ++i) {
    if (images_[i].phase == Phase::ended) consider(images_[i].outcome, "image '" + graph_.images[i].key + "'");
  }
  for (std::size_t i = 0; i < jobs_.size(); ++i) consider(jobs_[i].outcome, "job '" + graph_.jobs[i].key + "'");
  return worst;
}

}  // namespace slipway::runs
