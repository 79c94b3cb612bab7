#include "orchestrator/rollouts/machine.hpp"

#include <algorithm>

#include "pipelines/yaml_decoder.hpp"

namespace slipway::rollouts {
namespace {

constexpr Milliseconds restart_grace{15'000};
constexpr std::chrono::days longest_wait{30};  // for a person's word

bool in_flight(Stage stage) {
  return stage == Stage::batch || stage == Stage::baking || stage == Stage::paused;
}

bool to_come(const HostProgress& host) {
  return host.batch == 0 && !host.lost;
}

std::string on_host(const std::string& host, const std::string& reason) {
  return "host " + host + ": " + reason;
}

}  // namespace

std::string_view name_of(Verb verb) {
  switch (verb) {
    case Verb::pause:
      return "pause";
    case Verb::resume:
      return "resume";
    case Verb::stop:
      return "stop";
    case Verb::roll_back:
      return "rollback";
    case Verb::promote:
      return "promote";
    case Verb::promote_all:
      return "promote-all";
  }
  return "unknown";
}

std::string awaited_word(const Progress& progress, const std::string& application) {
  if (progress.stage == Stage::baking && progress.waits) {
    return "waits to be promoted: slipway app promote " + application;
  }
  if (progress.stage != Stage::paused) return {};
  const std::string why = progress.reason.empty() ? std::string() : " (" + progress.reason + ")";
  return "waits to be resumed" + why + ": slipway app resume " + application;
}

std::vector<Action> Machine::on(const Event& event, Time now) {
  actions_.clear();
  if (is_end(progress_.stage)) return {};
  now_ = now;
  std::visit([this](const auto& one) { take(one); }, event);
  advance();
  return std::move(actions_);
}

std::vector<Action> Machine::again(Time now) {
  actions_.clear();
  if (is_end(progress_.stage)) return {};
  now_ = now;
  for (HostProgress& host : progress_.hosts) {
    if (!host.reaching) continue;
    // A forward step that a rollback was about to cancel died with the process.
    if (progress_.stage == Stage::rolling_back && host.heading == Heading::forward) {
      host.reaching.reset();
    } else {
      // A deadline that passed while nobody worked on it leaves time for one look, and for hooks that have not begun.
      host.deadline = std::max(host.deadline.value_or(now), now + restart_grace + hook_time_of(*host.reaching));
      actions_.push_back(
          {Action::Kind::reach, host.host, *host.reaching, host.heading, *host.deadline, weight_of(host)});
    }
  }
  if (progress_.deadline) actions_.push_back({Action::Kind::limit, {}, {}, {}, *progress_.deadline});
  if (progress_.stage == Stage::migrating) {
    progress_.until = std::max(*progress_.until, now + restart_grace);
    actions_.push_back({Action::Kind::migrate, progress_.migrator, {}, {}, *progress_.until});
  }
  if (progress_.stage == Stage::baking) actions_.push_back({Action::Kind::watch, {}, {}, {}, *progress_.until});
  if (progress_.stage == Stage::waiting) actions_.push_back({Action::Kind::wait, {}, {}, {}, *progress_.until});
  advance();
  return std::move(actions_);
}

std::string Machine::refusal(Verb verb) const {
  const Stage stage = progress_.stage;
  const bool paused = stage == Stage::paused || progress_.pause_asked;
  if (is_end(stage)) return "it has ended";
  if (progress_.turn_round) return "it goes back when its migration has ended";
  if (stage == Stage::rolling_back) return "it is going back";
  if (stage == Stage::finalizing) return "its generation is promoted already";
  switch (verb) {
    case Verb::pause:
      return paused ? "it is paused already" : std::string();
    case Verb::resume:
      return paused || progress_.waits ? std::string() : "it is not paused";
    case Verb::roll_back:
      return pace_.may_roll_back ? std::string() : "a rollback is not rolled back";
    case Verb::promote:
      if (stage == Stage::paused || stage == Stage::baking) return {};
      return "it is " + std::string(name_of(stage)) + " and waits for nobody's word";
    case Verb::stop:
    case Verb::promote_all:
      return {};
  }
  return {};
}

void Machine::take(const event::Begun&) {
  if (progress_.stage != Stage::planned) return;
  progress_.floor = std::min(pace_.min_healthy, serving());
  progress_.stage = Stage::waiting;
  progress_.until = now_ + pace_.wait_deadline;
  if (pace_.deadline.count() > 0) {
    progress_.deadline = now_ + pace_.deadline;
    actions_.push_back({Action::Kind::limit, {}, {}, {}, *progress_.deadline});
  }
  actions_.push_back({Action::Kind::wait, {}, {}, {}, *progress_.until});
}

void Machine::take(const event::Reached& reached) {
  HostProgress* host = find(reached.host);
  if (host == nullptr || host->reaching != reached.stage) return;
  host->reaching.reset();
  host->deadline.reset();
  host->stage = reached.stage;
  host->lost = false;
  if (reached.stage == HostStage::healthy) host->health = health_when_ready(*host);
  if (host->heading == Heading::forward && progress_.stage != Stage::batch) return;
  if (host->stage != HostStage::committed && !at_goal(*host)) reach(*host, *after(host->stage, pace_.order));
}

void Machine::take(const event::Failed& failed) {
  HostProgress* host = find(failed.host);
  if (host == nullptr || !host->reaching) return;
  host->reaching.reset();
  host->deadline.reset();
  if (host->heading == Heading::back) {
    host->restore_failed = true;
    host->reason += (host->reason.empty() ? "" : "; ") + ("going back: " + failed.reason);
    if (in_flight(progress_.stage)) roll_back(on_host(host->host, "going back: " + failed.reason), pace_.scope);
    return;
  }
  // What is left to do on a finalizing host is tidying up: the next rollout does it.
  if (progress_.stage == Stage::finalizing) {
    host->reason = failed.reason;
    return;
  }
  host_failed(*host, failed.reason);
}

void Machine::take(const event::Lost& lost) {
  HostProgress* host = find(lost.host);
  if (host == nullptr || !host->reaching) return;
  host->reaching.reset();
  host->deadline.reset();
  host->lost = true;
  host->health = Health::unknown;
  host->reason = lost.reason;
}

void Machine::take(const event::Cancelled& cancelled) {
  HostProgress* host = find(cancelled.host);
  if (host == nullptr || host->heading == Heading::back) return;
  host->reaching.reset();
  host->deadline.reset();
}

void Machine::take(const event::Answers& answers) {
  HostProgress* host = find(answers.host);
  if (host != nullptr && progress_.stage == Stage::waiting) host->lost = false;
}

void Machine::take(const event::Seen& seen) {
  HostProgress* host = find(seen.host);
  if (host == nullptr || host->reaching || (host->leaves && host->batch != 0)) return;
  host->health = seen.health;
  const bool updated = host->heading == Heading::forward && host->batch != 0 && at_goal(*host) && !host->failed;
  const bool counts = progress_.stage == Stage::batch || progress_.stage == Stage::baking;
  if (counts && updated && seen.health == Health::unhealthy) host_failed(*host, seen.reason);
}

void Machine::take(const event::TimeUp&) {
  if (!progress_.until || now_ < *progress_.until) return;
  if (progress_.stage == Stage::waiting) {
    progress_.reason = "too few hosts answer: " + std::to_string(std::max<std::size_t>(1, pace_.min_healthy)) +
                       " needed to keep min_healthy; nothing was changed";
    end(Stage::rolled_back);
  } else if (progress_.stage == Stage::baking && progress_.waits) {
    progress_.waits = false;
    too_few_serve("nobody promoted it within " + std::to_string(longest_wait.count()) + " days");
  } else if (progress_.stage == Stage::baking) {
    after_baking();
  }
}

/// Paused or not: a deadline that people's absence moves is none.
void Machine::take(const event::PastDeadline&) {
  if (!progress_.deadline || now_ < *progress_.deadline || !can_turn_round()) return;
  roll_back("it did not end before its deadline of " + pipelines::format_duration(pace_.deadline), pace_.scope);
}

void Machine::take(const event::Alarm& alarm) {
  if (!can_turn_round()) return;
  const std::string reason = "alarm: " + alarm.what;
  if (pace_.on_alarm != FailureAction::pause) return roll_back(reason, pace_.scope);
  progress_.pause_asked = true;
  if (progress_.stage == Stage::baking) after_baking();
  progress_.reason = reason;
}

void Machine::take(const event::Migrated&) {
  if (progress_.stage != Stage::migrating) return;
  progress_.until.reset();
  progress_.stage = Stage::pulling;  // what comes next may be the way back, which migrating would put off
  if (!std::exchange(progress_.turn_round, false)) return next_batch();
  roll_back(progress_.reason, progress_.scope);
}

void Machine::take(const event::MigrationFailed& failed) {
  if (progress_.stage != Stage::migrating) return;
  progress_.turn_round = false;
  progress_.reason = "migration on host " + progress_.migrator + ": " + failed.reason + "; no host was changed";
  end(Stage::rolled_back);
}

void Machine::take(const event::Ousted& ousted) {
  progress_.reason = on_host(ousted.host, ousted.reason) + "; hosts are left to it as they are";
  for (HostProgress& host : progress_.hosts) {
    host.reaching.reset();
    host.deadline.reset();
  }
  end(Stage::failed);
}

void Machine::take(const event::Asked& asked) {
  if (!accepts(asked.verb)) return;
  switch (asked.verb) {
    case Verb::pause:
      progress_.pause_asked = true;
      progress_.reason = "paused by " + asked.by;
      if (progress_.stage == Stage::baking) after_baking();
      break;
    case Verb::resume:
      promote();
      break;
    case Verb::stop:
      progress_.reason = "stopped by " + asked.by;
      stop();
      break;
    case Verb::roll_back:
      roll_back("asked for by " + asked.by + (asked.why.empty() ? "" : ": " + asked.why), BackScope::all);
      break;
    case Verb::promote_all:
      progress_.hurry = true;
      promote();
      break;
    case Verb::promote:
      promote();
      break;
  }
}

void Machine::stop() {
  progress_.stop_asked = true;
  if (progress_.stage == Stage::baking) after_baking();
  if (progress_.batch == 0 && progress_.stage != Stage::pulling && progress_.stage != Stage::migrating)
    end(Stage::stopped);
  if (progress_.stage == Stage::paused) end(Stage::stopped);
}

void Machine::promote() {
  progress_.pause_asked = false;
  progress_.reason.clear();
  if (progress_.stage == Stage::baking) after_baking();
  if (progress_.stage == Stage::paused) next_batch();
}

/// One stage may open the way to the next.
void Machine::advance() {
  Stage before;
  do {
    before = progress_.stage;
    advance_once();
  } while (progress_.stage != before);
}

void Machine::advance_once() {
  switch (progress_.stage) {
    case Stage::waiting:
      return after_waiting();
    case Stage::pulling:
      return after_pulling();
    case Stage::batch:
      return after_batch();
    case Stage::rolling_back:
      return go_back();
    case Stage::finalizing:
      if (!any_busy()) end(Stage::succeeded);
      return;
    default:
      return;
  }
}

void Machine::after_waiting() {
  std::size_t targets = 0, answering = 0;
  for (const HostProgress& host : progress_.hosts) {
    targets += host.leaves ? 0 : 1;
    answering += host.leaves || host.lost ? 0 : 1;
  }
  if (answering < std::max<std::size_t>(1, std::min(pace_.min_healthy, targets))) return;
  progress_.stage = Stage::pulling;
  progress_.until.reset();
  for (HostProgress& host : progress_.hosts) {
    if (!host.lost) reach(host, HostStage::pulled);
  }
}

void Machine::after_pulling() {
  if (any_busy()) return;
  for (const HostProgress& host : progress_.hosts) {
    if (!host.failed) continue;
    progress_.reason = on_host(host.host, host.reason) + "; nothing was changed";
    return end(pace_.may_roll_back ? Stage::rolled_back : Stage::rollback_failed);
  }
  if (pace_.migrates && progress_.migrator.empty()) return begin_migration();
  next_batch();
}

/// On a host that serves, if one does: it can reach what the application reaches.
void Machine::begin_migration() {
  const auto answering = [](const HostProgress& host) { return !host.lost && !host.leaves; };
  const auto serving = [&](const HostProgress& host) { return answering(host) && host.health == Health::healthy; };
  auto host = std::find_if(progress_.hosts.begin(), progress_.hosts.end(), serving);
  if (host == progress_.hosts.end()) host = std::find_if(progress_.hosts.begin(), progress_.hosts.end(), answering);
  if (host == progress_.hosts.end()) {
    progress_.reason = "no host answers for the migration; nothing was changed";
    return end(Stage::rolled_back);
  }
  progress_.stage = Stage::migrating;
  progress_.migrator = host->host;
  progress_.until = now_ + pace_.migrate_deadline;
  actions_.push_back({Action::Kind::migrate, host->host, {}, {}, *progress_.until});
}

void Machine::after_batch() {
  if (any_busy()) return;
  if (serving() < progress_.floor && pace_.may_roll_back) {
    return too_few_serve("only " + std::to_string(serving()) + " hosts serve, " + std::to_string(progress_.floor) +
                         " must");
  }
  rest(pace_.together ? rest_after_phase() : rest_after_batch());
}

void Machine::rest(const Step& pause) {
  const bool none = pause.bake.count() <= 0 && !pause.wait;
  if (none || progress_.pause_asked || progress_.stop_asked || progress_.hurry) return after_baking();
  progress_.stage = Stage::baking;
  progress_.waits = pause.wait;
  if (pause.wait) progress_.reason = "waits to be promoted";
  progress_.until = now_ + (pause.wait ? Milliseconds(longest_wait) : pause.bake);
  actions_.push_back({Action::Kind::watch, {}, {}, {}, *progress_.until});
}

void Machine::after_baking() {
  progress_.until.reset();
  progress_.waits = false;
  if (any_busy()) {
    progress_.stage = Stage::batch;
    return;
  }
  next_batch();
}

/// As many hosts as there is room for, and as min_healthy allows.
std::vector<HostProgress*> Machine::choose() {
  std::vector<HostProgress*> chosen;
  std::size_t spare_hosts = spare();
  for (HostProgress& host : progress_.hosts) {
    if (!to_come(host) || host.leaves) continue;
    if (chosen.size() == room()) break;
    if (takes_down(host)) {
      if (spare_hosts == 0) continue;
      --spare_hosts;
    }
    chosen.push_back(&host);
  }
  return chosen;
}

/// The only place where hosts are taken, and so where a pause or stop takes hold.
void Machine::next_batch() {
  if (progress_.stop_asked) return end(Stage::stopped);
  if (progress_.pause_asked) {
    progress_.stage = Stage::paused;
    return;
  }
  if (progress_.phase != Phase::whole) return next_phase();
  std::vector<HostProgress*> chosen = choose();
  const auto first_left = std::find_if(progress_.hosts.begin(), progress_.hosts.end(),
                                       [](const HostProgress& host) { return to_come(host) && !host.leaves; });
  if (first_left == progress_.hosts.end()) return leave_hosts();
  if (chosen.empty() && pace_.may_roll_back) {
    return too_few_serve("no host can be taken out: " + std::to_string(serving()) + " serve and min_healthy is " +
                         std::to_string(pace_.min_healthy));
  }
  if (chosen.empty()) chosen.push_back(&*first_left);
  if (pace_.together) progress_.phase = Phase::prepare;
  begin_batch(chosen);
}

void Machine::begin_batch(const std::vector<HostProgress*>& chosen) {
  progress_.stage = Stage::batch;
  ++progress_.batch;
  for (HostProgress* host : chosen) {
    host->batch = progress_.batch;
    reach(*host, *after(host->stage, pace_.order));
  }
}

void Machine::finalize() {
  const auto updated = [this](const HostProgress& h) { return h.heading == Heading::forward && done(h) && !h.failed; };
  if (!pace_.may_roll_back) {
    const auto broken =
        std::find_if(progress_.hosts.begin(), progress_.hosts.end(), [](const HostProgress& h) { return h.failed; });
    if (broken != progress_.hosts.end()) {
      progress_.reason = on_host(broken->host, broken->reason);
      return end(Stage::rollback_failed);
    }
  }
  if (std::none_of(progress_.hosts.begin(), progress_.hosts.end(),
                   [&](const HostProgress& h) { return updated(h) && !h.leaves; })) {
    return roll_back("no host could be brought to the new generation", pace_.scope);
  }
  if (serving_targets() < pace_.min_healthy && pace_.may_roll_back) {
    return too_few_serve("only " + std::to_string(serving_targets()) + " hosts serve, min_healthy is " +
                         std::to_string(pace_.min_healthy));
  }
  progress_.stage = Stage::finalizing;
  progress_.pause_asked = false;
  progress_.reason.clear();
  actions_.push_back({Action::Kind::promote, {}, {}, {}, {}});
  for (HostProgress& host : progress_.hosts) {
    if (updated(host)) reach(host, HostStage::committed);
    if (host.leaves && to_come(host)) host.reason = "keeps what it has until all others have the new generation";
  }
}

void Machine::end(Stage stage) {
  progress_.stage = stage;
  progress_.until.reset();
}

void Machine::host_failed(HostProgress& host, const std::string& reason) {
  host.failed = true;
  host.reason = reason;
  if (progress_.stage == Stage::pulling || progress_.stage == Stage::rolling_back) return;
  if (!pace_.may_roll_back) return;
  const auto failed =
      std::count_if(progress_.hosts.begin(), progress_.hosts.end(), [](const HostProgress& h) { return h.failed; });
  const double ratio = static_cast<double>(failed) / static_cast<double>(progress_.hosts.size());
  const bool too_many = ratio > pace_.max_failure_ratio;
  if (too_many && pace_.on_failure == FailureAction::roll_back)
    return roll_back(on_host(host.host, reason), pace_.scope);
  if (too_many && pace_.on_failure == FailureAction::pause) {
    progress_.pause_asked = true;
    progress_.reason = on_host(host.host, reason);
  }
  begin_back(host);
}

void Machine::too_few_serve(const std::string& reason) {
  if (pace_.on_failure != FailureAction::pause) return roll_back(reason, pace_.scope);
  progress_.pause_asked = true;
  progress_.stage = any_busy() ? Stage::batch : Stage::paused;
  progress_.reason = reason;
}

void Machine::roll_back(const std::string& reason, BackScope scope) {
  progress_.reason = reason;
  progress_.scope = scope;
  if (progress_.stage == Stage::migrating) {  // which is not broken off in the middle
    progress_.turn_round = true;
    return;
  }
  if (!pace_.may_roll_back) return end(Stage::rollback_failed);
  progress_.stage = Stage::rolling_back;
  progress_.until.reset();
  for (const HostProgress& host : progress_.hosts) {
    if (host.reaching && host.heading == Heading::forward) {
      actions_.push_back({Action::Kind::cancel, host.host, *host.reaching, host.heading, now_});
    }
  }
}

void Machine::reach(HostProgress& host, HostStage stage) {
  host.reaching = stage;
  host.deadline = now_ + limit_of(stage, host.heading);
  const bool stops_serving = pace_.order == Order::stop_first || (host.leaves && host.heading == Heading::forward);
  if (stops_serving && stage == HostStage::old_drained) host.health = Health::unhealthy;
  actions_.push_back({Action::Kind::reach, host.host, stage, host.heading, *host.deadline, weight_of(host)});
}

HostProgress* Machine::find(const std::string& host) {
  const auto found = std::find_if(progress_.hosts.begin(), progress_.hosts.end(),
                                  [&](const HostProgress& one) { return one.host == host; });
  return found == progress_.hosts.end() ? nullptr : &*found;
}

bool Machine::can_turn_round() const {
  const Stage stage = progress_.stage;
  return pace_.may_roll_back &&
         (in_flight(stage) || stage == Stage::waiting || stage == Stage::pulling || stage == Stage::migrating);
}

bool Machine::any_busy() const {
  return std::any_of(progress_.hosts.begin(), progress_.hosts.end(),
                     [](const HostProgress& host) { return host.reaching.has_value(); });
}

/// All but the last tidying up is behind it.
bool Machine::done(const HostProgress& host) const {
  return host.stage == HostStage::committed || after(host.stage, pace_.order) == HostStage::committed;
}

std::size_t Machine::serving() const {
  return static_cast<std::size_t>(
      std::count_if(progress_.hosts.begin(), progress_.hosts.end(),
                    [](const HostProgress& host) { return host.health == Health::healthy; }));
}

/// How many serving hosts may be taken out.
std::size_t Machine::spare() const {
  const std::size_t now = serving();
  return now > pace_.min_healthy ? now - pace_.min_healthy : 0;
}

bool Machine::takes_down(const HostProgress& host) const {
  return pace_.order == Order::stop_first && host.health == Health::healthy;
}

Milliseconds Machine::limit_of(HostStage stage, Heading heading) const {
  return own_limit_of(stage, heading) + hook_time_of(stage);
}

Milliseconds Machine::hook_time_of(HostStage stage) const {
  const auto hooks = pace_.hook_times.find(stage);
  return hooks == pace_.hook_times.end() ? Milliseconds(0) : hooks->second;
}

Milliseconds Machine::own_limit_of(HostStage stage, Heading heading) const {
  switch (stage) {
    case HostStage::pulled:
      return pace_.pull_deadline;
    case HostStage::healthy:
      return pace_.health_deadline;
    case HostStage::started:  // services wait here for those that they need to be healthy
      // Going back, also for the Engine to end what it was told to stop, see HostWork::see_stops_through.
      return pace_.step_deadline + pace_.health_deadline +
             (heading == Heading::back ? pace_.stop_deadline : Milliseconds(0));
    case HostStage::old_drained:
    case HostStage::old_stopped:
      return pace_.stop_deadline;
    default:
      return pace_.step_deadline;
  }
}

}  // namespace slipway::rollouts
