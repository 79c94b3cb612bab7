#include "orchestrator/rollouts/driver.hpp"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <nlohmann/json.hpp>

#include "base/cancellation.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "orchestrator/rollouts/gather.hpp"
#include "orchestrator/rollouts/health_watch.hpp"
#include "orchestrator/rollouts/journal.hpp"
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/drifts.hpp"

namespace slipway::rollouts {
namespace {

constexpr Milliseconds ping_pause{2000};
constexpr Milliseconds lost_after{30'000};  // without an answer, whatever the deadline of the step
constexpr int bad_looks_to_be_sick = 3;

/// For the table and for people: the host's state in a word.
std::string word_of(const HostProgress& host, Stage stage) {
  if (host.lost) return "unknown";
  const bool promoted = stage == Stage::finalizing || stage == Stage::succeeded;
  if (promoted && host.leaves && host.batch == 0) return "stays";
  if (host.restore_failed) return "rollback_failed";
  if (host.heading == Heading::back) return host.reaching ? "rolling_back" : "rolled_back";
  if (host.failed) return "failed";
  return std::string(name_of(host.stage));
}

/// What is worth a line about the rollout as a whole.
std::string news_of(const Progress& before, const Progress& now) {
  if (now.waits && !before.waits) return "waits to be promoted";
  if (now.phase == before.phase && now.step == before.step) return {};
  switch (now.phase) {
    case Phase::prepare:
      return "the new containers are started on all hosts beside the old";
    case Phase::share:
      return "step " + std::to_string(now.step + 1) + ": the new containers get their share of the requests";
    case Phase::change:
      return "all requests go to the new containers";
    case Phase::finish:
      return "the old containers stop";
    case Phase::whole:
      return {};
  }
  return {};
}

/// Batches apart from one another; what follows the last has nothing to do with them.
std::string stage_of_probes(const Progress& progress) {
  std::string name(name_of(progress.stage));
  if (progress.stage == Stage::batch || progress.stage == Stage::baking) {
    name += " " + std::to_string(progress.batch);
  }
  return name;
}

std::string names_json(const std::vector<Wanted>& wanted) {
  Json names = Json::array();
  for (const Wanted& one : wanted) names.push_back(one.name);
  return dump_json(names);
}

}  // namespace

Driver::Driver(Parts& parts, Assignment assignment)
    : parts_(parts),
      assignment_(std::move(assignment)),
      machine_(assignment_.plan.pace, assignment_.progress),
      awake_(parts.executor, asio::steady_timer::time_point::max()),
      watches_(std::make_unique<Tasks>(parts.executor)),
      standing_(std::make_unique<Tasks>(parts.executor)),
      journal_(make_journal()),
      kept_(parts.executor, asio::steady_timer::time_point::max()) {
  for (const HostProgress& host : machine_.progress().hosts) {
    steps_.emplace(host.host, std::make_unique<Tasks>(parts.executor));
  }
  prober_ = make_prober();
}

awaitable<Result<void>> Driver::run() {
  Result<void> outcome;
  std::exception_ptr stopped;
  prober_->enter(stage_of_probes(progress()));
  prober_->start();
  watch_metrics();
  try {
    outcome = co_await work();
  } catch (...) {
    stopped = std::current_exception();
  }
  co_await allow_cleanup();
  watches_->cancel();
  standing_->cancel();
  for (auto& [host, tasks] : steps_) tasks->cancel();
  co_await prober_->stop();
  co_await watches_->join();
  co_await standing_->join();
  for (auto& [host, tasks] : steps_) co_await tasks->join();
  finished_ = true;
  const Result<void> gone = is_end(progress().stage)
                                ? fail(Error::Kind::conflict, "the rollout has ended")
                                : fail(Error::Kind::unavailable, "the daemon stops working on the rollout");
  settle(wishes_, gone);
  settle(granted_, gone);
  if (stopped) std::rethrow_exception(stopped);
  co_return outcome;
}

awaitable<Result<void>> Driver::work() {
  const Time now = present();
  std::vector<Action> actions = assignment_.resumed && machine_.progress().stage != Stage::planned
                                    ? machine_.again(now)
                                    : machine_.on(event::Begun{}, now);
  for (;;) {
    bool promote = false;
    for (const Action& action : actions) promote = promote || action.kind == Action::Kind::promote;
    promote = promote && !asks_for_nothing();
    if (is_end(machine_.progress().stage)) co_await prober_->finish();
    if (auto kept = co_await commit(promote); !kept) co_return kept;
    if (assignment_.waits) assignment_.waits(awaited_word(progress(), assignment_.rollout.application));
    if (is_end(machine_.progress().stage)) co_return Result<void>();
    perform(actions);
    co_await wait_for_event();
    const Progress before = machine_.progress();
    actions.clear();
    take_events(actions);
    take_wishes(actions);
    prober_->enter(stage_of_probes(progress()));
    tell(before);
  }
}

void Driver::take_events(std::vector<Action>& actions) {
  for (; !events_.empty(); events_.pop_front()) {
    for (Action& action : machine_.on(events_.front(), present())) actions.push_back(std::move(action));
  }
}

void Driver::take_wishes(std::vector<Action>& actions) {
  for (; !wishes_.empty(); wishes_.pop_front()) {
    const auto wish = wishes_.front();
    if (const std::string why = machine_.refusal(wish->verb); !why.empty()) {
      wish->settle(fail(Error::Kind::conflict, "rollout " + to_string(assignment_.rollout.id) + ": " + why));
      continue;
    }
    for (Action& action : machine_.on(event::Asked{wish->verb, wish->by, wish->why}, present())) {
      actions.push_back(std::move(action));
    }
    granted_.push_back(wish);
    if (assignment_.say)
      assignment_.say(std::string(name_of(wish->verb)) + ": asked for by " + wish->by +
                      (wish->why.empty() ? "" : ": " + wish->why));
  }
}

void Driver::Wish::settle(Result<void> with) {
  outcome = std::move(with);
  settled.cancel();
}

void Driver::settle(Wishes& wishes, const Result<void>& with) {
  for (; !wishes.empty(); wishes.pop_front()) wishes.front()->settle(with);
}

std::vector<store::AuditEntry> Driver::audit_of(const Wishes& wishes) const {
  std::vector<store::AuditEntry> entries;
  for (const auto& wish : wishes) {
    store::AuditEntry entry(parts_.clock.now(), wish->by, "app." + std::string(name_of(wish->verb)));
    entry.rollout = assignment_.rollout.id;
    Json data = {{"application", assignment_.rollout.application}, {"rollout", assignment_.rollout.id.value}};
    if (!wish->why.empty()) data["why"] = wish->why;
    entry.data = dump_json(data);
    entries.push_back(std::move(entry));
  }
  return entries;
}

/// Tries until it is on the disk: nothing may be done that the journal does not know of.
awaitable<Result<void>> Driver::commit(bool promote) {
  const Progress& progress = machine_.progress();
  const std::uint64_t notes = notes_made_;
  for (bool told = false;; told = true) {
    store::RolloutProgress row;
    row.state = std::string(name_of(progress.stage));
    row.ended = is_end(progress.stage);
    row.reason = progress.reason;
    Json kept = {{"plan", Json::parse(dump_plan(assignment_.plan))},
                 {"machine", Json::parse(dump_progress(progress))},
                 {"notes", notes_json(assignment_.notes)}};
    note_probes(row, kept);
    row.progress = dump_json(kept);
    row.hosts = changed_hosts();
    row.at = parts_.clock.now();
    auto write = [row, promote, audit = audit_of(granted_), rollout = assignment_.rollout, mended = mended_hosts(),
                  fence = assignment_.fence](store::Transaction& tx) -> Result<void> {
      for (const store::AuditEntry& entry : audit) {
        if (auto noted = store::Audit(tx).add(entry); !noted) return noted;
      }
      store::Applications applications(tx);
      if (promote) {
        auto done = applications.promote(rollout.application, rollout.generation, fence, row.at);
        if (!done) return done;
      }
      for (const std::string& host : mended) {
        if (auto noted = store::Drifts(tx).note(rollout.application, host, {}, row.at); !noted)
          return fail(noted.error());
      }
      return store::Rollouts(tx).save(rollout.id, fence, row);
    };
    auto saved = co_await parts_.store.write(std::move(write));
    if (saved) {
      for (const store::RolloutHost& host : row.hosts) saved_[host.host] = host.state + '\n' + host.detail;
      settle(granted_, Result<void>());
      notes_kept_ = notes;
      kept_.cancel();
      co_return saved;
    }
    if (saved.error().kind == Error::Kind::conflict) co_return saved;
    if (!told)
      log::error("a rollout waits for the store", {{"rollout", assignment_.rollout.id}, {"why", saved.error()}});
    co_await sleep_for(retry_pause);
  }
}

/// Those that are as the promoted generation asks, now that it has ended: what had drifted there is gone.
std::vector<std::string> Driver::mended_hosts() const {
  std::vector<std::string> hosts;
  if (progress().stage != Stage::succeeded) return hosts;
  for (const HostProgress& host : progress().hosts) {
    if (host.stage == HostStage::committed && !host.failed && !host.lost) hosts.push_back(host.host);
  }
  return hosts;
}

std::vector<std::string> Driver::changed_to_the_end() const {
  std::vector<std::string> hosts = mended_hosts();
  std::erase_if(hosts, [this](const std::string& host) {
    return std::none_of(assignment_.plan.hosts.begin(), assignment_.plan.hosts.end(), [&](const PlannedHost& planned) {
      return planned.host == host && !(planned.create.empty() && planned.start.empty() && planned.stop.empty());
    });
  });
  return hosts;
}

std::vector<store::RolloutHost> Driver::changed_hosts() {
  std::vector<store::RolloutHost> rows;
  for (const HostProgress& host : machine_.progress().hosts) {
    store::RolloutHost row;
    row.rollout = assignment_.rollout.id;
    row.host = host.host;
    row.batch = static_cast<std::int64_t>(host.batch);
    row.state = word_of(host, machine_.progress().stage);
    row.new_containers = names_json(target_of(host.host, Heading::forward)->wanted);
    row.old_containers = names_json(target_of(host.host, Heading::back)->wanted);
    row.detail = host.reason;
    const auto evidence = evidence_.find(host.host);
    if (evidence != evidence_.end()) row.detail += '\n' + evidence->second;
    row.updated = parts_.clock.now();
    if (saved_[host.host] != row.state + '\n' + row.detail) rows.push_back(std::move(row));
  }
  return rows;
}

void Driver::tell(const Progress& progress_before) {
  if (!assignment_.say) return;
  const std::vector<HostProgress>& before = progress_before.hosts;
  const std::string news = news_of(progress_before, machine_.progress());
  if (!news.empty()) assignment_.say(news);
  const auto& now = machine_.progress().hosts;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const std::string word = word_of(now[i], machine_.progress().stage);
    if (word == word_of(before[i], progress_before.stage)) continue;
    assignment_.say("host " + now[i].host + ": " + word + (now[i].reason.empty() ? "" : " (" + now[i].reason + ")"));
    const auto evidence = evidence_.find(now[i].host);
    if (now[i].failed && !before[i].failed && evidence != evidence_.end()) assignment_.say(evidence->second);
  }
}

void Driver::perform(const std::vector<Action>& actions) {
  drop_stale_watches();
  for (const Action& action : actions) perform(action);
}

void Driver::drop_stale_watches() {
  const Stage stage = machine_.progress().stage;
  if (stage != Stage::baking && stage != Stage::waiting) watches_->cancel();
}

void Driver::perform(const Action& action) {
  switch (action.kind) {
    case Action::Kind::reach:
      return steps_.at(action.host)->spawn("rollout step", step(action));
    case Action::Kind::cancel:
      return steps_.at(action.host)->cancel();
    case Action::Kind::watch:
      return watches_->spawn("rollout watch", watch_all(action.deadline));
    case Action::Kind::migrate:
      return steps_.at(action.host)->spawn("migration", migrate(action));
    case Action::Kind::limit:
      return standing_->spawn("rollout deadline", limit(action.deadline));
    case Action::Kind::promote:
      return;
    case Action::Kind::wait:
      break;
  }
  watches_->spawn("rollout wait", timer(action.deadline));
  for (const HostProgress& host : machine_.progress().hosts) {
    if (host.lost) watches_->spawn("rollout wait", wait_for_host(host.host, action.deadline));
  }
}

awaitable<void> Driver::step(Action action) {
  Event answer = event::Cancelled{action.host};
  try {
    answer = co_await attempt(action);
    if (std::holds_alternative<event::Reached>(answer)) co_await settle_probes(action);
  } catch (const std::exception& bug) {
    if (!is_cancellation(std::current_exception())) answer = event::Failed{action.host, bug.what()};
  }
  post(std::move(answer));
}

Result<Site> Driver::site_of(const std::string& host) {
  auto engine = parts_.hosts.engine(host);
  if (!engine) return fail(engine.error());
  Site site;
  site.host = host;
  site.address = parts_.hosts.address_of(host);
  site.engine = *engine;
  site.traffic = &parts_.traffic;
  return site;
}

awaitable<Event> Driver::attempt(Action action) {
  if (is_swarm(action.host)) co_return co_await attempt_on_swarm(std::move(action));
  auto site = site_of(action.host);
  if (!site) co_return event::Failed{action.host, site.error().message};
  HostWork work(*site, parts_.registries, parts_.pool, deadlines(), maker());
  work.tell_of_pulls(assignment_.say, parts_.transfer_lines);
  std::function<awaitable<Result<void>>()> step = [&] { return reach(&work, *site, action); };
  StepReport report{[&] { return work.evidence(); }, [&] { return work.why_not(); }};
  co_return co_await persist(action, std::move(step), std::move(report));
}

/// Until it is done, or the host has been silent for too long, whether its line is dead or refuses at once.
awaitable<Event> Driver::persist(Action action, std::function<awaitable<Result<void>>()> step, StepReport report) {
  auto race = first_of(keep_trying(action, std::move(step), std::move(report)), until_silent(action.host));
  auto first = co_await std::move(race);
  if (first.index() == 0) co_return std::get<0>(std::move(first));
  co_return event::Lost{action.host, "does not answer: " + std::get<1>(first).message};
}

/// Tried again while the host does not answer: a short cut of the line is no failure. Nor, on the way back, is what the
/// engine could not do just now: a host that is given up is left without the application.
awaitable<Event> Driver::keep_trying(Action action, std::function<awaitable<Result<void>>()> step, StepReport report) {
  Error last(Error::Kind::timeout, "there was no time for it");
  while (left(action.deadline).count() > 0) {
    auto reaching = with_deadline(left(action.deadline), step(), std::string(name_of(action.stage)));
    const Result<void> reached = co_await std::move(reaching);
    if (reached) co_return event::Reached{action.host, action.stage};
    last = reached.error();
    if (!ousted_.empty()) co_return event::Ousted{action.host, ousted_};
    const bool engine_failed = last.kind == Error::Kind::internal && action.heading == Heading::back;
    if (!last.transient() && !engine_failed) {
      if (std::string words = report.evidence(); !words.empty()) evidence_[action.host] = std::move(words);
      co_return event::Failed{action.host, last.message};
    }
    co_await sleep_for(std::min(retry_pause, std::max(left(action.deadline), Milliseconds(1))));
  }
  co_return co_await past_deadline(action, std::move(last), report.why_not());
}

/// Returns when nothing was heard of the host for `lost_after`: a call on a line that is dead waits much longer.
awaitable<Error> Driver::until_silent(std::string host) {
  Time heard = present();
  for (;;) {
    co_await sleep_for(ping_pause);
    auto answers = co_await ping(host);
    if (answers) heard = present();
    if (!answers && left(heard + lost_after).count() <= 0) co_return answers.error();
  }
}

/// A host that answers has failed; of one that does not, nothing is known.
awaitable<Event> Driver::past_deadline(Action action, Error last, std::string why_not) {
  auto answers = co_await ping(action.host);
  if (!answers) co_return event::Lost{action.host, "does not answer: " + answers.error().message};
  if (why_not.empty()) co_return event::Failed{action.host, last.message};
  co_return event::Failed{action.host, why_not + ", and the deadline has passed"};
}

awaitable<Result<void>> Driver::ping(std::string host) {
  if (is_swarm(host)) {
    auto manager = co_await parts_.hosts.manager(host);
    if (!manager) co_return fail(manager.error());
    co_return Result<void>();
  }
  auto engine = parts_.hosts.engine(host);
  if (!engine) co_return fail(engine.error());
  co_return co_await with_deadline(ping_limit, (*engine)->system().ping(), "asking host " + host);
}

awaitable<void> Driver::timer(Time until) {
  co_await sleep_for(std::max(left(until), Milliseconds(1)));
  post(event::TimeUp{});
}

awaitable<void> Driver::wait_for_host(std::string host, Time until) {
  while (left(until).count() > 0) {
    auto answers = co_await ping(host);
    if (answers) {
      post(event::Answers{host});
      co_return;
    }
    co_await sleep_for(retry_pause);
  }
}

awaitable<void> Driver::watch_all(Time until) {
  std::vector<awaitable<void>> work;
  for (const HostProgress& host : machine_.progress().hosts) {
    if (host.batch != 0 && !host.reaching && host.heading == Heading::forward)
      work.push_back(watch_host(host.host, until));
  }
  work.push_back(timer(until));
  co_await run_all("rollout watch", std::move(work));
}

awaitable<void> Driver::watch_host(std::string host, Time until) {
  if (is_swarm(host)) co_return co_await watch_swarm(std::move(host), until);
  auto site = site_of(host);
  if (!site) co_return;
  const auto target = target_of(host, Heading::forward);
  HealthWatch watch(*site->engine, parts_.pool, deadlines(), *target, site->address, assignment_.rollout.id.value,
                    Milliseconds(0));
  Health last = Health::healthy;
  int bad_looks = 0;
  const Milliseconds limit = ping_limit + watch.patience(target->wanted.size());
  while (left(until) > watch.interval()) {
    co_await sleep_for(watch.interval());
    auto seen = co_await with_deadline(limit, watch.look(target->wanted), "asking host " + host);
    event::Seen news{host, Health::healthy, {}};
    if (!seen) {
      news.health = Health::unknown;
      news.reason = seen.error().message;
    } else if (seen->verdict != HealthGate::Verdict::healthy) {
      bad_looks = seen->verdict == HealthGate::Verdict::failed ? bad_looks_to_be_sick : bad_looks + 1;
      news.reason = "container " + seen->container + ": " + seen->reason;
      if (bad_looks < bad_looks_to_be_sick) continue;
      news.health = Health::unhealthy;
    } else {
      bad_looks = 0;
    }
    if (news.health != last) post(news);
    last = news.health;
  }
}

awaitable<Result<void>> Driver::ask(Verb verb, std::string by, std::string why) {
  if (finished_) co_return fail(Error::Kind::conflict, "the rollout has ended");
  const auto wish = std::make_shared<Wish>(parts_.executor, verb, std::move(by), std::move(why));
  wishes_.push_back(wish);
  awake_.cancel();
  while (!wish->outcome) {
    boost::system::error_code ignored;
    co_await wish->settled.async_wait(asio::redirect_error(use_awaitable, ignored));
    co_await throw_if_cancelled();
  }
  co_return *wish->outcome;
}

void Driver::post(Event event) {
  events_.push_back(std::move(event));
  awake_.cancel();
}

awaitable<void> Driver::wait_for_event() {
  while (events_.empty() && wishes_.empty() && notes_made_ == notes_kept_) {
    boost::system::error_code ignored;
    co_await awake_.async_wait(asio::redirect_error(use_awaitable, ignored));
    co_await throw_if_cancelled();
  }
}

Milliseconds Driver::left(Time until) const {
  return until - present();
}

const Clock& Driver::deadlines() const {
  return parts_.deadlines ? *parts_.deadlines : parts_.clock;
}

bool Driver::asks_for_nothing() const {
  return assignment_.forward->spec.number == 0;
}

Time Driver::present() const {
  return deadlines().now();
}

awaitable<Result<void>> Driver::hold(Site site) {
  HostLease lease;
  lease.application = assignment_.rollout.application;
  lease.fence = assignment_.fence;
  lease.holder = assignment_.holder;
  auto held = co_await hold_host(site.engine, std::move(lease));
  if (!held && held.error().kind == Error::Kind::conflict) ousted_ = held.error().message;
  co_return held;
}

Maker Driver::maker() const {
  Maker maker;
  maker.instance = parts_.store.fleet();
  maker.rollout = assignment_.rollout.id.value;
  return maker;
}

}  // namespace slipway::rollouts
