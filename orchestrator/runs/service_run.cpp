#include "orchestrator/runs/service_run.hpp"

#include "base/log.hpp"

namespace slipway::runs {
namespace {

using namespace std::chrono_literals;

constexpr Duration kAskEvery = 200ms;
constexpr Duration kProbeLimit = 10s;

}  // namespace

ServiceRun::ServiceRun(StepTools tools, ServiceSpec spec, StepOrder order, std::string anchor, const Executor& executor)
    : tools_(tools),
      spec_(std::move(spec)),
      anchor_(std::move(anchor)),
      masks_(order.masks),
      run_(tools, std::move(order)),
      stop_(executor),
      ended_(executor) {}

Error ServiceRun::not_ready(std::string why) const {
  return {Error::Kind::failed, "service '" + spec_.name + "' " + std::move(why)};
}

awaitable<Result<void>> ServiceRun::start() {
  const Result<void> prepared = co_await run_.prepare();
  if (!prepared) co_return fail(Error(prepared.error()).in("service '" + spec_.name + "'"));
  const Result<std::optional<StepEnd>> ended = co_await run_.start(stop_);
  if (!ended) co_return fail(Error(ended.error()).in("service '" + spec_.name + "'"));
  if (*ended) {
    outcome_ = (*ended)->outcome;
    const Result<void> settled = co_await run_.settle();
    if (!settled) co_return fail(settled.error());
    ended_.ask((*ended)->outcome.reason);
    co_return fail(not_ready((*ended)->outcome.reason));
  }
  co_return Result<void>();
}

awaitable<void> ServiceRun::serve() {
  const Result<StepEnd> end = co_await run_.finish(stop_);
  if (!end) {
    log::warn("service lost from sight", {{"service", spec_.name}, {"error", end.error()}});
    ended_.ask("can't be watched any more: " + end.error().message);
    co_return;
  }
  outcome_ = end->outcome;
  const Result<void> settled = co_await run_.settle();
  if (!settled) log::warn("service's end can't be kept", {{"service", spec_.name}, {"error", settled.error()}});
  const bool by_itself = end->exit_code == 0 && end->outcome.verdict != Verdict::interrupted;
  ended_.ask(by_itself ? "ended (exit code 0)" : "ended: " + end->outcome.reason);
}

awaitable<Result<void>> ServiceRun::until_ready() {
  for (bool engine_was_out = true; engine_was_out;) {
    const std::uint64_t outages = tools_.watch.outages();
    auto race = first_of(check(), ended_.wait(), sleep_for(spec_.ready.timeout));
    auto first = co_await std::move(race);
    if (first.index() == 0) {
      Result<void>& ready = std::get<0>(first);
      if (ready) run_.has_served();
      co_return std::move(ready);
    }
    if (first.index() == 1) co_return fail(not_ready(ended_.reason() + " before it was ready"));
    engine_was_out = !tools_.watch.available() || tools_.watch.outages() != outages;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(spec_.ready.timeout).count();
  co_return fail(not_ready("was not ready within " + std::to_string(seconds) + " s"));
}

/// All that is asked for, one after the other.
awaitable<Result<void>> ServiceRun::check() {
  const pipelines::Readiness& ready = spec_.ready;
  if (!ready.log.empty()) {
    const Result<void> found = co_await find_in_log();
    if (!found) co_return fail(found.error());
  }
  if (ready.port != 0) {
    std::vector<std::string> words = {"/anchor", "tcp", std::to_string(ready.port)};
    co_await until_probed(std::move(words));
  }
  if (ready.http) {
    std::vector<std::string> words = {"/anchor", "http", std::to_string(ready.http->port), ready.http->path};
    if (ready.http->status != 0) words.push_back(std::to_string(ready.http->status));
    co_await until_probed(std::move(words));
  }
  if (ready.healthcheck) co_return co_await until_healthy();
  co_return Result<void>();
}

awaitable<Result<void>> ServiceRun::find_in_log() {
  for (std::uint64_t at = 0;;) {
    auto reading = tools_.logs.follow(run_.log_key(), at, 64 << 10);
    const Result<logs::LogChunk> chunk = co_await std::move(reading);
    if (!chunk) co_return fail(chunk.error());
    for (const logs::Record& record : chunk->records) {
      const bool its_own = record.stream != logs::Stream::slipway;
      if (its_own && record.text.find(spec_.ready.log) != std::string::npos) co_return Result<void>();
    }
    at = chunk->next;
    if (chunk->ended) co_return fail(not_ready("ended without the line that says it is ready"));
  }
}

awaitable<Result<void>> ServiceRun::until_healthy() {
  using Status = docker::Health::Status;
  for (;; co_await sleep_for(kAskEvery)) {
    auto asking = tools_.engine.containers().inspect(run_.container_id());
    const Result<docker::Container> container = co_await std::move(asking);
    if (!container || !container->state.running) continue;  // `serve` finds out
    const docker::Health& health = container->state.health;
    if (health.status == Status::healthy) co_return Result<void>();
    if (health.status == Status::unhealthy) {
      const bool cut_off = health.last_output.size() >= docker::Health::most_output;
      co_return fail(not_ready("is unhealthy: " + logs::masked(*masks_, health.last_output, cut_off)));
    }
    if (health.status == Status::none) {
      co_return fail(not_ready("has no health check to wait for: its image defines none"));
    }
  }
}

awaitable<void> ServiceRun::until_probed(std::vector<std::string> words) {
  for (;; co_await sleep_for(kAskEvery)) {
    auto asking = tools_.engine.exec().run(anchor_, docker::ExecSpec(words));
    const Result<docker::ExecOutcome> answer = co_await with_deadline(kProbeLimit, std::move(asking), "probe");
    if (answer && answer->exit_code == 0) co_return;
  }
}

}  // namespace slipway::runs
