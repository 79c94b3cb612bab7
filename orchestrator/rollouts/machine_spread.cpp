// How a new generation spreads: in steps over the hosts, or on all hosts together, phase by phase; and how hosts are
// left.
#include <algorithm>

#include "orchestrator/rollouts/machine.hpp"

namespace slipway::rollouts {

std::size_t Machine::taken() const {
  return static_cast<std::size_t>(std::count_if(progress_.hosts.begin(), progress_.hosts.end(),
                                                [](const HostProgress& host) { return host.batch != 0; }));
}

/// How many hosts the next batch may have.
std::size_t Machine::room() const {
  if (pace_.together) return progress_.hosts.size();
  if (pace_.steps.empty()) return pace_.batch_size;
  const std::size_t done = taken();
  const auto next = std::find_if(pace_.steps.begin(), pace_.steps.end(),
                                 [&](const Step& step) { return step.hosts > done && !progress_.hurry; });
  return next == pace_.steps.end() ? progress_.hosts.size() : next->hosts - done;
}

Step Machine::rest_after_batch() const {
  const bool more = std::any_of(progress_.hosts.begin(), progress_.hosts.end(),
                                [](const HostProgress& host) { return host.batch == 0 && !host.lost; });
  Step pause;
  pause.bake = pace_.monitor;
  if (!more) return pause;
  const auto step =
      std::find_if(pace_.steps.begin(), pace_.steps.end(), [&](const Step& one) { return one.hosts == taken(); });
  if (step == pace_.steps.end()) {
    pause.bake += pace_.delay;
    return pause;
  }
  pause.bake += step->bake;
  pause.wait = step->wait;
  return pause;
}

Step Machine::rest_after_phase() const {
  Step pause;
  if (progress_.phase == Phase::prepare) pause.wait = pace_.ask_to_switch;
  if (progress_.phase == Phase::share) pause = pace_.steps[progress_.step];
  if (progress_.phase == Phase::change) pause.bake = pace_.bake;
  if (progress_.phase == Phase::finish) pause.bake = pace_.monitor;
  return pause;
}

void Machine::next_phase() {
  switch (progress_.phase) {
    case Phase::whole:
      return;
    case Phase::prepare:
      return begin_phase(pace_.steps.empty() || progress_.hurry ? Phase::change : Phase::share);
    case Phase::share:
      ++progress_.step;
      return begin_phase(progress_.step == pace_.steps.size() || progress_.hurry ? Phase::change : Phase::share);
    case Phase::change:
      return begin_phase(Phase::finish);
    case Phase::finish:
      return leave_hosts();
  }
}

/// The last batches, in which nothing takes the place of what is stopped.
void Machine::leave_hosts() {
  const std::vector<HostProgress*> chosen = choose_leaving();
  if (chosen.empty()) return finalize();
  progress_.phase = Phase::whole;
  begin_batch(chosen);
}

/// None while others do without the new generation, or too few of them serve: until then these do.
std::vector<HostProgress*> Machine::choose_leaving() {
  std::vector<HostProgress*> chosen;
  if (!others_have_it() || (serving_targets() < pace_.min_healthy && pace_.may_roll_back)) return chosen;
  for (HostProgress& host : progress_.hosts) {
    if (host.leaves && host.batch == 0 && !host.lost && chosen.size() < room()) chosen.push_back(&host);
  }
  return chosen;
}

bool Machine::others_have_it() const {
  return std::all_of(progress_.hosts.begin(), progress_.hosts.end(), [this](const HostProgress& host) {
    return host.leaves ||
           (host.heading == Heading::forward && host.batch != 0 && done(host) && !host.failed && !host.lost);
  });
}

/// Without those that will not have the new generation.
std::size_t Machine::serving_targets() const {
  return static_cast<std::size_t>(
      std::count_if(progress_.hosts.begin(), progress_.hosts.end(),
                    [](const HostProgress& host) { return host.health == Health::healthy && !host.leaves; }));
}

/// Where all that should run does, and that may be nothing at all.
Health Machine::health_when_ready(const HostProgress& host) const {
  if (host.heading == Heading::back) return pace_.has_previous ? Health::healthy : Health::unhealthy;
  return host.leaves ? host.health : Health::healthy;
}

void Machine::begin_phase(Phase phase) {
  progress_.stage = Stage::batch;
  progress_.phase = phase;
  for (HostProgress& host : progress_.hosts) {
    if (host.heading == Heading::back || host.failed || host.lost || host.batch == 0) continue;
    reach(host, phase == Phase::finish ? HostStage::old_stopped : HostStage::attached);
  }
  if (!any_busy()) finalize();
}

/// Whether nothing is left to do on the host until all others are as far.
bool Machine::at_goal(const HostProgress& host) const {
  if (host.heading == Heading::back) return done(host);
  switch (progress_.phase) {
    case Phase::prepare:
      return reaches(host.stage, HostStage::healthy, pace_.order);
    case Phase::share:
      return reaches(host.stage, HostStage::attached, pace_.order);
    case Phase::change:
      return reaches(host.stage, HostStage::old_drained, pace_.order);
    default:
      return done(host);
  }
}

unsigned Machine::weight_of(const HostProgress& host) const {
  const bool shared = progress_.phase == Phase::share && host.heading == Heading::forward;
  return shared ? pace_.steps[progress_.step].weight : 100;
}

}  // namespace slipway::rollouts
