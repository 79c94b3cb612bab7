#include "orchestrator/runs/job_run.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "orchestrator/runs/container_specs.hpp"
#include "orchestrator/runs/step_outcome.hpp"

namespace slipway::runs {
namespace {

bool has_ended(const store::Attempt& attempt) {
  return attempt.state == store::AttemptState::exited || attempt.state == store::AttemptState::removed ||
         attempt.state == store::AttemptState::quarantined;
}

/// Created, and perhaps running.
bool is_there(const store::Attempt& attempt) {
  return attempt.state == store::AttemptState::created || attempt.state == store::AttemptState::running;
}

bool is_made(const store::Attempt& attempt) {
  return attempt.state != store::AttemptState::intent;
}

bool has_started(const store::Attempt& attempt) {
  return is_made(attempt) && attempt.state != store::AttemptState::created;
}

awaitable<void> remove_quietly(std::shared_ptr<StepRun> step) {
  const Result<void> removed = co_await step->remove();
  if (!removed) log::warn("step's container stays", {{"step", step->step()}, {"error", removed.error()}});
}

/// The outcome of a job that could not be brought to run: what the engine or a registry would not do is an error, what
/// the file asks for and can't be had is a failure.
Outcome outcome_of_setup(const Error& error) {
  const bool its_own_fault = error.kind == Error::Kind::failed || error.kind == Error::Kind::invalid;
  return {its_own_fault ? Verdict::failed : Verdict::error, error.message};
}

}  // namespace

JobRun::JobRun(JobTools tools, JobOrder order, std::vector<store::Attempt> records, const Executor& executor)
    : tools_(std::move(tools)),
      order_(std::move(order)),
      in_care_(tools_.in_care.hold(order_.name.run, order_.name.job, order_.name.attempt)),
      records_(std::move(records)),
      stop_(executor),
      serving_(executor),
      steps_(order_.steps.size()),
      executor_(executor) {}

awaitable<Result<Outcome>> JobRun::run() {
  std::exception_ptr cancelled;
  Result<Outcome> outcome;
  try {
    outcome = co_await work();
  } catch (const std::exception&) {
    cancelled = std::current_exception();
  }
  if (cancelled) {
    co_await allow_cleanup();
    serving_.cancel();
    co_await serving_.join();
    std::rethrow_exception(cancelled);
  }
  tools_.cleanup.spawn("remove job", clean_up(shared_from_this()));
  co_return outcome;
}

awaitable<Result<Outcome>> JobRun::work() {
  if (shares_network()) {
    std::vector<std::string> names;
    for (const ServiceSpec& service : order_.services) names.push_back(service.name);
    network_.emplace(tools_.step.engine, tools_.step.watch, order_.name, std::move(names));
  }
  if (!order_.unmet.empty()) co_return Outcome{Verdict::failed, order_.unmet};
  const std::size_t open = first_open_step();
  if (open < order_.steps.size()) {
    adopt(open);
    if (!order_.broken.empty()) {
      Outcome why{Verdict::error, order_.broken};
      co_return co_await break_off(open, std::move(why));
    }
    auto race = first_of(set_up(), stop_.wait());
    const auto first = co_await std::move(race);
    std::optional<Outcome> broken_off;
    if (first.index() == 1) {
      broken_off = {Verdict::cancelled, stop_.reason()};
    } else if (const Result<void>& ready = std::get<0>(first); !ready) {
      broken_off = outcome_of_setup(ready.error());
      // Ended from outside, by its engine most likely: nobody's failure, and tried again where that is declared.
      if (a_service_was_interrupted()) broken_off->verdict = Verdict::interrupted;
    }
    if (broken_off) co_return co_await break_off(open, std::move(*broken_off));
  }
  co_return co_await run_steps();
}

/// A step that an earlier daemon has started is there from the beginning, whatever else can't be had.
void JobRun::adopt(std::size_t index) {
  const std::optional<store::Attempt> record = record_of(order_.steps[index].name);
  if (!steps_[index] && record && is_there(*record)) steps_[index] = find_again(*record);
}

/// Of a container that is there already the journal knows enough.
StepOrder JobRun::order_again(const store::Attempt& record) const {
  StepOrder order = order_for(record.key.step, docker::ContainerSpec(""));
  order.role = record.role;
  order.position = record.position;
  order.spec.limits.memory_bytes = order_.limits.memory_bytes;
  return order;
}

std::shared_ptr<StepRun> JobRun::find_again(const store::Attempt& record) const {
  StepOrder order = order_again(record);
  if (record.position == 0 && record.role == store::ContainerRole::step) order.fill = filling();
  return std::make_shared<StepRun>(tools_.step, std::move(order));
}

/// The job comes to nothing, but what an earlier daemon has started may run: it is stopped as every step is, and its
/// log is read to the end. If it had ended by itself, that is what counts.
awaitable<Result<Outcome>> JobRun::break_off(std::size_t open, Outcome why) {
  const std::optional<store::Attempt> record = record_of(order_.steps[open].name);
  if (!record || !is_there(*record)) co_return why;
  stop_.ask(why.reason);
  Result<Outcome> ended = co_await run_step(open);
  if (!ended) co_return fail(ended.error());
  const Result<void> settled = co_await settle_before(open + 1);
  if (!settled) co_return fail(settled.error());
  const bool was_last = open + 1 == order_.steps.size();
  const bool by_itself = ended->verdict == Verdict::passed ? was_last : !ended->reason.ends_with(why.reason);
  co_return by_itself ? std::move(*ended) : std::move(why);
}

std::function<awaitable<Result<void>>(std::string)> JobRun::filling() const {
  if (order_.source.empty()) return {};
  return [this](std::string container) { return tools_.fill(std::move(container), order_.source); };
}

awaitable<Result<void>> JobRun::set_up() {
  const Result<void> looked = co_await look_whether_begun();
  if (!looked) co_return fail(looked.error());
  const Result<void> resolved = co_await resolve_images();
  if (!resolved) co_return fail(resolved.error());
  const Result<void> made = co_await make_network();
  if (!made) co_return fail(made.error());
  // The first step is created and its workspace filled while the network and the services come up.
  auto both = all_of(open_network(), prepare(first_open_step()));
  const auto [opened, prepared] = co_await std::move(both);
  if (!opened) co_return fail(opened.error());
  if (!prepared) co_return fail(prepared.error());
  co_return Result<void>();
}

/// Steps begin when all services are ready. Once they have, nobody asks that again.
awaitable<Result<void>> JobRun::look_whether_begun() {
  begun_ = std::any_of(records_.begin(), records_.end(), [](const store::Attempt& record) {
    return record.role == store::ContainerRole::step && has_started(record);
  });
  const std::shared_ptr<StepRun>& open = steps_[first_open_step()];
  if (begun_ || !open || order_.services.empty()) co_return Result<void>();
  const Result<bool> started = co_await open->has_started();
  if (!started) co_return fail(started.error());
  begun_ = *started;
  co_return Result<void>();
}

/// Only for containers that are still to be made: those that are there have theirs.
awaitable<Result<void>> JobRun::make_network() {
  if (all_are(is_made) || (order_.offline && !network_)) co_return Result<void>();
  const Result<std::pair<std::string, std::string>> parts = co_await tools_.network();
  if (!parts) co_return fail(Error::Kind::internal, parts.error().message);  // whatever it is, no fault of the job's
  if (!order_.offline) way_out_ = parts->first;
  if (!network_) co_return Result<void>();
  co_return co_await network_->create(parts->second, way_out_);
}

awaitable<Result<void>> JobRun::resolve_images() {
  std::map<std::string, bool> references;  // and whether they are pulled as anybody would
  const auto add = [&](const std::string& name, const ImageUse& image) {
    const std::optional<store::Attempt> record = record_of(name);
    const bool to_be_made = !record || record->state == store::AttemptState::intent;
    if (to_be_made && !image.built) references[image.reference] = image.anonymous;
  };
  for (const StepSpec& step : order_.steps) add(step.name, step.image);
  for (const ServiceSpec& service : order_.services) add(service.name, service.image);
  std::vector<awaitable<Result<void>>> works;
  works.reserve(references.size());
  for (const auto& [reference, anonymous] : references) works.push_back(resolve_image(reference, anonymous));
  co_return co_await all_of(std::move(works));
}

awaitable<Result<void>> JobRun::resolve_image(std::string reference, bool anonymous) {
  const auto whose = anonymous ? ImageSource::Trust::stranger : ImageSource::Trust::own;
  Result<std::string> id = co_await tools_.images.ensure(reference, whose);
  if (!id) co_return fail(id.error());
  images_[reference] = std::move(*id);
  co_return Result<void>();
}

awaitable<Result<void>> JobRun::open_network() {
  if (!network_) co_return Result<void>();
  if (!all_are(has_started)) {
    const Result<void> started = co_await network_->start();
    if (!started) co_return fail(started.error());
  }
  co_return co_await start_services();
}

awaitable<Result<void>> JobRun::start_services() {
  std::vector<awaitable<Result<void>>> works;
  works.reserve(order_.services.size());
  for (std::size_t i = 0; i < order_.services.size(); ++i) works.push_back(start_service(i));
  co_return co_await all_of(std::move(works));
}

awaitable<Result<void>> JobRun::start_service(std::size_t index) {
  const ServiceSpec& spec = order_.services[index];
  const std::optional<store::Attempt> record = record_of(spec.name);
  if (record && has_ended(*record)) {
    if (begun_) co_return Result<void>();
    co_return fail(Error::Kind::failed, "service '" + spec.name + "' has ended: " + record->error);
  }
  StepOrder order = record && is_there(*record)
                        ? order_again(*record)
                        : order_for(spec.name, service_container(order_, spec, config_id(spec.image), network_mode()));
  order.role = store::ContainerRole::service;
  services_.push_back(std::make_unique<ServiceRun>(tools_.step, spec, std::move(order), network_->anchor(), executor_));
  ServiceRun& service = *services_.back();
  const Result<void> started = co_await service.start();
  if (begun_ && service.outcome()) co_return Result<void>();
  if (!started) co_return fail(started.error());
  serving_.spawn("service", service.serve());
  if (begun_) {
    service.was_ready();
    co_return Result<void>();
  }
  co_return co_await service.until_ready();
}

StepOrder JobRun::order_for(const std::string& step, docker::ContainerSpec spec) const {
  StepOrder order(order_.name, step, std::move(spec));
  order.deadline = order_.deadline;
  order.record = record_of(step);
  order.masks = order_.masks;
  order.log_limit = order_.log_limit;
  order.grace = order_.grace;
  return order;
}

awaitable<Result<void>> JobRun::prepare(std::size_t index) {
  if (index >= order_.steps.size()) co_return Result<void>();
  adopt(index);
  const StepSpec& step = order_.steps[index];
  if (!steps_[index]) {
    const Result<void> made = make_step(index);
    if (!made) co_return fail(Error(made.error()).in("step '" + step.name + "'"));
  }
  const Result<void> prepared = co_await steps_[index]->prepare();
  if (!prepared) co_return fail(Error(prepared.error()).in("step '" + step.name + "'"));
  co_return Result<void>();
}

Result<void> JobRun::make_step(std::size_t index) {
  const StepSpec& step = order_.steps[index];
  Result<docker::ContainerSpec> spec = step_container(order_, step, config_id(step.image), network_mode());
  if (!spec) return fail(spec.error());
  StepOrder order = order_for(step.name, std::move(*spec));
  order.position = static_cast<std::int64_t>(index);
  if (index == 0) order.fill = filling();
  steps_[index] = std::make_shared<StepRun>(tools_.step, std::move(order));
  return {};
}

awaitable<Result<Outcome>> JobRun::run_steps() {
  for (std::size_t i = 0; i < order_.steps.size(); ++i) {
    const std::optional<store::Attempt> record = record_of(order_.steps[i].name);
    if (record && has_ended(*record)) {
      const Outcome ended = outcome_from_journal(record->error);
      if (ended.verdict != Verdict::passed) co_return ended;
      continue;
    }
    // While this step runs, the one before is committed as exited and the next one is created.
    auto all = all_of(run_step(i), settle_before(i), prepare(i + 1));
    const auto [outcome, settled, prepared] = co_await std::move(all);
    if (!settled) co_return fail(settled.error());
    const bool last = i + 1 == order_.steps.size();
    if (last || !outcome || outcome->verdict != Verdict::passed || !prepared) {
      const Result<void> done = co_await settle_before(i + 1);
      if (!done) co_return fail(done.error());
    }
    if (!outcome || outcome->verdict != Verdict::passed) co_return outcome;
    if (!prepared) co_return outcome_of_setup(prepared.error());
  }
  co_return Outcome();
}

awaitable<Result<void>> JobRun::settle_before(std::size_t index) {
  if (index == 0 || !steps_[index - 1]) co_return Result<void>();
  co_return co_await steps_[index - 1]->settle();
}

awaitable<Result<Outcome>> JobRun::run_step(std::size_t index) {
  StepRun& step = *steps_[index];
  Result<std::optional<StepEnd>> ended = co_await step.start(stop_);
  Result<StepEnd> end = fail(Error::Kind::internal, "");
  if (!ended) {
    end = fail(ended.error());
  } else if (*ended) {
    end = std::move(**ended);
  } else {
    end = co_await step.finish(stop_);
  }
  const std::string where = order_.steps.size() > 1 ? "step '" + order_.steps[index].name + "': " : "";
  if (!end) co_return fail(std::move(end.error()).in("step '" + order_.steps[index].name + "'"));
  Outcome outcome = std::move(end->outcome);
  if (outcome.verdict != Verdict::passed) outcome.reason = where + outcome.reason;
  co_return outcome;
}

awaitable<void> JobRun::clean_up(std::shared_ptr<JobRun> self) {
  (void)self;  // keeps all of this alive
  try {
    co_await remove_all();
  } catch (const std::exception&) {
    log::debug("the daemon is ending: the next one removes what is left of a job", {{"job", order_.name.job}});
  }
  co_await allow_cleanup();
  serving_.cancel();
  co_await serving_.join();
}

awaitable<void> JobRun::end_services() {
  for (const auto& service : services_) service->stop("the job has ended");
  co_await serving_.join();
  for (const auto& service : services_) {
    const Result<void> removed = co_await service->remove();
    if (!removed) log::warn("service's container stays", {{"error", removed.error()}});
  }
}

/// Of a container that an earlier daemon has started: it is stopped, and its log read to the end.
awaitable<Result<void>> JobRun::end_found(std::shared_ptr<StepRun> step) {
  const Result<bool> begun = co_await step->has_started();
  if (!begun) co_return fail(begun.error());
  if (!*begun) co_return Result<void>();
  StopSignal stop(executor_);
  stop.ask("the job has ended");
  const Result<std::optional<StepEnd>> ended = co_await step->start(stop);
  if (!ended) co_return fail(ended.error());
  if (!*ended) {
    const Result<StepEnd> end = co_await step->finish(stop);
    if (!end) co_return fail(end.error());
  }
  co_return co_await step->settle();
}

awaitable<void> JobRun::remove_all() {
  co_await end_services();
  for (const auto& step : steps_) {
    if (step) co_await remove_quietly(step);
  }
  // What an earlier daemon left and this one has not come to.
  for (const store::Attempt& record : records_) {
    const bool exited = record.state == store::AttemptState::exited;
    if ((!exited && !is_there(record)) || has_run_of(record.key.step)) continue;
    const std::shared_ptr<StepRun> found = find_again(record);
    Result<void> ended;
    if (!exited && order_.unmet.empty()) {  // else what it writes could not be masked (decision 0102)
      auto ending = end_found(found);
      ended = co_await std::move(ending);
    }
    if (!ended) log::warn("log is not whole", {{"step", found->step()}, {"error", ended.error()}});
    co_await remove_quietly(found);
  }
  if (network_) {
    const Result<void> removed = co_await network_->remove();
    if (!removed) log::warn("job's network namespace stays", {{"error", removed.error()}});
  }
  const auto call = [this] { return tools_.step.engine.volumes().remove(order_.name.workspace()); };
  const Result<void> removed = co_await tools_.step.watch.persist(call);
  if (!removed) log::warn("workspace stays", {{"volume", order_.name.workspace()}, {"error", removed.error()}});
}

std::size_t JobRun::first_open_step() const {
  const auto is_open = [this](const StepSpec& step) {
    const std::optional<store::Attempt> record = record_of(step.name);
    return !record || !has_ended(*record);
  };
  const auto first = std::find_if(order_.steps.begin(), order_.steps.end(), is_open);
  return static_cast<std::size_t>(first - order_.steps.begin());
}

bool JobRun::has_run_of(const std::string& name) const {
  return std::any_of(steps_.begin(), steps_.end(), [&](const auto& step) { return step && step->step() == name; }) ||
         std::any_of(services_.begin(), services_.end(), [&](const auto& service) { return service->name() == name; });
}

std::string JobRun::config_id(const ImageUse& use) const {
  return use.built ? use.reference : images_.at(use.reference);
}

bool JobRun::a_service_was_interrupted() const {
  return std::any_of(services_.begin(), services_.end(), [](const auto& service) {
    return service->outcome() && service->outcome()->verdict == Verdict::interrupted;
  });
}

/// One container alone is quicker without a holder; several share one (decision 0041).
bool JobRun::shares_network() const {
  return !order_.services.empty() || (!order_.offline && order_.steps.size() > 1);
}

/// Whether every step and service has come that far.
bool JobRun::all_are(bool (*stage)(const store::Attempt&)) const {
  const auto is = [&](const auto& spec) {
    const std::optional<store::Attempt> record = record_of(spec.name);
    return record && stage(*record);
  };
  return std::all_of(order_.steps.begin(), order_.steps.end(), is) &&
         std::all_of(order_.services.begin(), order_.services.end(), is);
}

std::string JobRun::network_mode() const {
  if (network_) return network_->mode();
  return way_out_;
}

std::optional<store::Attempt> JobRun::record_of(const std::string& step) const {
  const auto same = [&](const store::Attempt& attempt) { return attempt.key.step == step; };
  const auto found = std::find_if(records_.begin(), records_.end(), same);
  return found == records_.end() ? std::nullopt : std::optional(*found);
}

}  // namespace slipway::runs
