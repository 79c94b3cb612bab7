// A swarm among the targets: the driver's one host, worked on through its managers.
#include "orchestrator/rollouts/driver.hpp"
#include "orchestrator/rollouts/swarm/swarm_work.hpp"

namespace slipway::rollouts {
namespace {

constexpr Milliseconds look_pause{1000};
constexpr Milliseconds swarm_limit{20'000};

}  // namespace

bool Driver::is_swarm(const std::string& host) const {
  return parts_.hosts.swarm(host) != nullptr;
}

awaitable<Event> Driver::attempt_on_swarm(Action action) {
  swarm::SwarmWork work(parts_.hosts, action.host, parts_.registries, deadlines(), maker());
  const auto target = action.heading == Heading::forward ? assignment_.forward : assignment_.back;
  // A rollback is a way back, too, whichever way the machine has it.
  const Heading heading = assignment_.rollout.kind == "rollback" ? Heading::back : action.heading;
  std::function<awaitable<Result<void>>()> step = [&] {
    return work.reach(action.stage, heading, target, assignment_.rollout.application);
  };
  StepReport report{[&] { return work.evidence(); }, [&] { return work.why_not(); }};
  co_return co_await persist(action, std::move(step), std::move(report));
}

awaitable<void> Driver::watch_swarm(std::string host, Time until) {
  swarm::SwarmWork work(parts_.hosts, host, parts_.registries, deadlines(), maker());
  Health last = Health::healthy;
  while (left(until) > look_pause) {
    co_await sleep_for(look_pause);
    auto seen = co_await with_deadline(swarm_limit, work.look(assignment_.forward), "asking swarm " + host);
    event::Seen news{host, Health::healthy, {}};
    if (!seen) {
      news.health = Health::unknown;
      news.reason = seen.error().message;
    } else if (seen->kind == swarm::Verdict::Kind::failed) {
      news.health = Health::unhealthy;
      news.reason = seen->reason;
    }
    if (news.health != last) post(news);
    last = news.health;
  }
}

}  // namespace slipway::rollouts
