#include "orchestrator/runs/job_run.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "orchestrator/runs/all_of.hpp"
#include "orchestrator/runs/container_specs.hpp"
#include "orchestrator/runs/step_outcome.hpp"

namespace slipway::runs {
namespace {

bool has_ended(const store::Attempt& attempt) {
  return attempt.state == store::AttemptState::exited || attempt.state == store::AttemptState::removed ||
         attempt.state == store::AttemptState::quarantined;
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
  using namespace asio::experimental::awaitable_operators;
  if (first_open_step() < order_.steps.size()) {
    auto race = set_up() || stop_.wait();
    const auto first = co_await std::move(race);
    if (first.index() == 1) co_return Outcome{Verdict::cancelled, stop_.reason()};
    const Result<void>& ready = std::get<0>(first);
    if (!ready) co_return outcome_of_setup(ready.error());
  }
  co_return co_await run_steps();
}

awaitable<Result<void>> JobRun::set_up() {
  using namespace asio::experimental::awaitable_operators;
  const Result<void> resolved = co_await resolve_images();
  if (!resolved) co_return fail(resolved.error());
  if (shares_network()) {
    std::vector<std::string> names;
    names.reserve(order_.services.size());
    for (const ServiceSpec& service : order_.services) names.push_back(service.name);
    network_.emplace(tools_.step.engine, tools_.step.watch, order_.name, order_.offline ? "" : tools_.network, names);
    const Result<void> created = co_await network_->create(tools_.anchor_image);
    if (!created) co_return fail(created.error());
  }
  // The first step is created and its workspace filled while the network and the services come up.
  auto both = open_network() && prepare(first_open_step());
  const auto [opened, prepared] = co_await std::move(both);
  if (!opened) co_return fail(opened.error());
  if (!prepared) co_return fail(prepared.error());
  co_return Result<void>();
}

awaitable<Result<void>> JobRun::resolve_images() {
  std::map<std::string, bool> references;  // and whether they are pulled as anybody would
  for (const StepSpec& step : order_.steps) {
    if (!step.image.built) references[step.image.reference] = step.image.anonymous;
  }
  for (const ServiceSpec& service : order_.services) {
    if (!service.image.built) references[service.image.reference] = service.image.anonymous;
  }
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
  const Result<void> started = co_await network_->start();
  if (!started) co_return fail(started.error());
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
  StepOrder order = order_for(spec.name, service_container(order_, spec, config_id(spec.image), network_mode()));
  order.role = store::ContainerRole::service;
  if (order.record && has_ended(*order.record)) {
    co_return fail(Error::Kind::failed, "service '" + spec.name + "' has ended: " + order.record->error);
  }
  services_.push_back(std::make_unique<ServiceRun>(tools_.step, spec, std::move(order), network_->anchor(), executor_));
  ServiceRun& service = *services_.back();
  const Result<void> started = co_await service.start();
  if (!started) co_return fail(started.error());
  serving_.spawn("service", service.serve());
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
  const StepSpec& step = order_.steps[index];
  Result<docker::ContainerSpec> spec = step_container(order_, step, config_id(step.image), network_mode());
  if (!spec) co_return fail(std::move(spec.error()).in("step '" + step.name + "'"));
  StepOrder order = order_for(step.name, std::move(*spec));
  order.position = static_cast<std::int64_t>(index);
  if (index == 0 && !order_.source.empty()) {
    order.fill = [this](std::string container) { return tools_.fill(std::move(container), order_.source); };
  }
  steps_[index] = std::make_shared<StepRun>(tools_.step, std::move(order));
  const Result<void> prepared = co_await steps_[index]->prepare();
  if (!prepared) co_return fail(Error(prepared.error()).in("step '" + step.name + "'"));
  co_return Result<void>();
}

awaitable<Result<Outcome>> JobRun::run_steps() {
  using namespace asio::experimental::awaitable_operators;
  for (std::size_t i = 0; i < order_.steps.size(); ++i) {
    const std::optional<store::Attempt> record = record_of(order_.steps[i].name);
    if (record && has_ended(*record)) {
      const Outcome ended = outcome_from_journal(record->error);
      if (ended.verdict != Verdict::passed) co_return ended;
      continue;
    }
    // While this step runs, the one before is committed as exited and the next one is created.
    auto all = run_step(i) && settle_before(i) && prepare(i + 1);
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

awaitable<void> JobRun::remove_all() {
  co_await end_services();
  for (const auto& step : steps_) {
    if (step) co_await remove_quietly(step);
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

std::string JobRun::config_id(const ImageUse& use) const {
  return use.built ? use.reference : images_.at(use.reference);
}

/// One container alone is quicker without a holder; several share one (decision 0041).
bool JobRun::shares_network() const {
  return !order_.services.empty() || (!order_.offline && order_.steps.size() > 1);
}

std::string JobRun::network_mode() const {
  if (network_) return network_->mode();
  return order_.offline ? std::string() : tools_.network;
}

std::optional<store::Attempt> JobRun::record_of(const std::string& step) const {
  const auto same = [&](const store::Attempt& attempt) { return attempt.key.step == step; };
  const auto found = std::find_if(records_.begin(), records_.end(), same);
  return found == records_.end() ? std::nullopt : std::optional(*found);
}

}  // namespace slipway::runs
