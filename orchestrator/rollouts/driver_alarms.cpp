// What can end a rollout from outside of its hosts: its deadline, and metrics that tell of harm.
#include "base/log.hpp"
#include "orchestrator/rollouts/driver.hpp"
#include "orchestrator/rollouts/metrics_source.hpp"

namespace slipway::rollouts {

void Driver::watch_metrics() {
  if (!machine_.pace().may_roll_back) return;
  for (const MetricGate& metric : assignment_.forward->application.policy.metrics) {
    standing_->spawn("metric of a rollout", watch_metric(metric));
  }
}

/// From the first host that is taken on: what was so before is not the new generation's doing.
awaitable<void> Driver::watch_metric(MetricGate metric) {
  MetricAlarm alarm(metric);
  for (;;) {
    co_await sleep_for(metric.interval);
    if (progress().batch == 0) continue;
    auto answer = co_await ask_metric(metric);
    const auto what = alarm.observe(answer, present());
    if (what) raise(*what);
  }
}

awaitable<Result<std::vector<MetricSample>>> Driver::ask_metric(MetricGate metric) {
  static const MetricsSources none;
  const MetricsSources& sources = parts_.metrics == nullptr ? none : *parts_.metrics;
  const auto source = sources.find(metric.source);
  if (source == sources.end()) {
    co_return fail(Error::Kind::not_found,
                   "the daemon's settings have no source of metrics '" + metric.source + "' any more");
  }
  co_return co_await ask_metrics(parts_.pool, source->second, metric.query);
}

void Driver::raise(const std::string& what) {
  if (assignment_.say) assignment_.say("alarm: " + what);
  log::warn("alarm in a rollout", {{"rollout", assignment_.rollout.id}, {"what", what}});
  post(event::Alarm{what});
}

awaitable<void> Driver::limit(Time until) {
  for (Milliseconds rest = left(until); rest.count() > 0; rest = left(until)) co_await sleep_for(rest);
  post(event::PastDeadline{});
}

}  // namespace slipway::rollouts
