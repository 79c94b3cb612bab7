#include "orchestrator/notify/notifier.hpp"

#include <cstdlib>
#include <exception>
#include <memory>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/redirect_error.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/log.hpp"
#include "orchestrator/notify/forge.hpp"
#include "orchestrator/store/events.hpp"

namespace slipway::notify {
namespace {

constexpr std::size_t at_once = 16;
constexpr std::size_t at_one_forge = 2;
constexpr std::size_t at_silent_forges = 8;
/// Of several changes within this time only the last is sent.
constexpr auto settling_time = std::chrono::milliseconds(200);
constexpr auto longest_sleep = std::chrono::minutes(1);

struct Subject {
  store::Run run;
  store::Project project;
};

/// The run whose state is that of the commit: not always the one that the message names.
Result<Subject> find_subject(store::Transaction& tx, RunId id) {
  const Result<store::Run> named = store::Runs(tx).get(id);
  if (!named) return fail(named.error());
  Result<store::Project> project = store::Projects(tx).get(named->project);
  if (!project) return fail(project.error());
  if (named->commit.empty()) return Subject{*named, std::move(*project)};
  Result<store::Run> telling = store::Runs(tx).telling(named->project, named->commit, named->event);
  if (!telling) return fail(telling.error());
  return Subject{std::move(*telling), std::move(*project)};
}

RunId run_of(const store::Message& message) {
  const Result<Json> payload = parse_json(message.payload);
  return payload ? RunId(number_at(*payload, "run")) : RunId();
}

/// As the store's timeline makes keys: "7/COMMIT/push".
ProjectId project_of(const store::Message& message) {
  return ProjectId(std::strtoll(message.key.c_str(), nullptr, 10));
}

}  // namespace

/// Going, it says that there is room for another one.
class Notifier::Leave {
 public:
  Leave(Notifier& notifier, const Errand& errand)
      : notifier_(notifier), forge_(errand.forge), key_(errand.message.key) {}
  Leave(const Leave&) = delete;
  ~Leave() {
    UnderWay& under_way = notifier_.under_way_;
    under_way.keys.erase(key_);
    if (--under_way.at[forge_] == 0) under_way.at.erase(forge_);
    notifier_.room_ = true;
    if (notifier_.waiting_) notifier_.waiting_->cancel();
  }

 private:
  Notifier& notifier_;
  std::string forge_, key_;
};

Notifier::Notifier(store::Store& store, Pool& pool, const Clock& clock, ForgeToken token, std::string public_url,
                   std::string ca_file)
    : store_(store),
      pool_(pool),
      clock_(clock),
      token_(std::move(token)),
      public_url_(std::move(public_url)),
      ca_file_(std::move(ca_file)),
      random_(std::random_device{}()) {}

awaitable<void> Notifier::run() {
  Tasks sending(co_await asio::this_coro::executor);
  std::exception_ptr cancelled;
  try {
    co_await send_until_stopped(sending);
  } catch (...) {
    cancelled = std::current_exception();
    sending.cancel();
  }
  // Cut off or not, what is being sent goes first, within a second.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await sending.join();
  if (cancelled) std::rethrow_exception(cancelled);
}

void Notifier::stop() {
  stop_.request_stop();
  if (waiting_) waiting_->cancel();
}

awaitable<void> Notifier::send_until_stopped(Tasks& sending) {
  while (!stop_.stop_requested()) {
    // Taken first: what happens during the look is looked at again.
    const std::int64_t seen = store_.newest_event();
    const Time now = clock_.now();
    room_ = false;
    const std::size_t begun = co_await begin_due(sending, now);
    if (begun == 0) co_await wait(seen, now);
  }
}

bool Notifier::UnderWay::has_room_at(const std::string& forge) const {
  const auto here = at.find(forge);
  const std::size_t there = here == at.end() ? 0 : here->second;
  if (answering.contains(forge)) return there < at_one_forge;
  std::size_t silent = 0;
  for (const auto& [name, count] : at) silent += answering.contains(name) ? 0 : count;
  return there == 0 && silent < at_silent_forges;
}

/// What is due, oldest first, as far as there is room for it, at its forge and at all.
Result<std::vector<Notifier::Errand>> Notifier::choose(store::Transaction& tx, Time now, UnderWay under_way) {
  std::map<ProjectId, std::string> known;
  std::vector<std::string> forges;
  const auto wanted = [&](const store::Message& message) {
    if (under_way.keys.contains(message.key)) return false;
    const auto [forge, fresh] = known.try_emplace(project_of(message));
    if (fresh) {
      if (const auto project = store::Projects(tx).get(forge->first)) forge->second = forge_host(*project);
    }
    if (!under_way.has_room_at(forge->second)) return false;
    ++under_way.at[forge->second];
    forges.push_back(forge->second);
    return true;
  };
  Result<std::vector<store::Message>> picked = store::Outbox(tx).pick(now, at_once - under_way.keys.size(), wanted);
  if (!picked) return fail(picked.error());
  std::vector<Errand> errands;
  for (std::size_t i = 0; i < picked->size(); ++i) errands.push_back({std::move((*picked)[i]), std::move(forges[i])});
  return errands;
}

awaitable<std::size_t> Notifier::begin_due(Tasks& sending, Time now) {
  if (under_way_.keys.size() >= at_once) co_return 0;
  auto work = [now, under_way = under_way_](store::Transaction& tx) { return choose(tx, now, under_way); };
  Result<std::vector<Errand>> errands = co_await store_.read(std::move(work));
  if (!errands) {
    log::warn("the outbox can't be read", {{"why", errands.error()}});
    co_return 0;
  }
  for (Errand& errand : *errands) {
    ++under_way_.at[errand.forge];
    under_way_.keys.insert(errand.message.key);
    sending.spawn("commit status", send(std::move(errand)));
  }
  co_return errands->size();
}

awaitable<void> Notifier::send(Errand errand) {
  const Leave leave(*this, errand);
  const RunId run = run_of(errand.message);
  Judgement verdict = co_await attempt(run);
  if (stop_.stop_requested() && verdict.kind != Judgement::Kind::sent) co_return;
  const Result<void> settled = co_await settle(std::move(errand.message), run, std::move(verdict));
  if (settled) co_return;
  // Without a pause a store that takes no writes would have us send the same again and again.
  log::warn("the outbox can't be written", {{"why", settled.error()}});
  co_await pause();
}

/// Or less, once it is to stop: run() waits for those who send, and does not cancel them.
awaitable<void> Notifier::pause() {
  for (int i = 0; i < 20 && !stop_.stop_requested(); ++i) co_await sleep_for(std::chrono::milliseconds(250));
}

awaitable<Judgement> Notifier::attempt(RunId id) {
  auto work = [id](store::Transaction& tx) { return find_subject(tx, id); };
  const Result<Subject> subject = co_await store_.read(std::move(work));
  if (!subject) co_return Judgement{Judgement::Kind::give_up, subject.error().message, std::nullopt};
  const store::Project& project = subject->project;
  // Nothing to tell or nobody to tell it to (any more).
  if (subject->run.commit.empty() || project.forge == store::Forge::none || project.sealed_forge_token.empty()) {
    co_return Judgement{};
  }
  Result<Secret> token = token_(project);
  if (!token) co_return Judgement{Judgement::Kind::give_up, token.error().message, std::nullopt};
  const Result<ForgeProject> at = forge_project(project, std::move(*token));
  if (!at) co_return Judgement{Judgement::Kind::give_up, at.error().message, std::nullopt};
  HttpRequest request = status_request(*at, status_of(subject->run, project, public_url_));
  request.stop = stop_.get_token();
  request.ca_file = ca_file_;
  const Result<HttpResponse> answer = co_await send_http(pool_, std::move(request));
  note(forge_host(project), answer);
  co_return judge(answer, clock_.now());
}

/// Of one that answered no more the next request is not to have more than its part.
void Notifier::note(const std::string& forge, const Result<HttpResponse>& answer) {
  if (answer) {
    under_way_.answering.insert(forge);
  } else {
    under_way_.answering.erase(forge);
  }
}

awaitable<Result<void>> Notifier::settle(store::Message message, RunId run, Judgement verdict) {
  if (verdict.kind == Judgement::Kind::sent) co_return co_await store_.write(&store::Outbox::sent, message.id);
  const std::int64_t attempts = message.attempts + 1;
  if (verdict.kind == Judgement::Kind::again && attempts < max_attempts) {
    const double part = std::uniform_real_distribution<double>(0, 1)(random_);
    const Time now = clock_.now();
    const Time next = now + backoff(attempts, verdict.after, part);
    std::optional<Time> asked;
    if (verdict.after) asked = now + *verdict.after;
    log::info("a commit status will be sent again", {{"run", run}, {"attempts", attempts}, {"why", verdict.reason}});
    auto later = [message = std::move(message), reason = verdict.reason, next, asked](store::Transaction& tx) {
      store::Outbox outbox(tx);
      const Result<void> noted = outbox.retry(message.id, reason, next);
      return noted && asked ? outbox.hold(message.kind, message.key, *asked) : noted;
    };
    co_return co_await store_.write(std::move(later));
  }
  log::warn("a commit status can't be delivered", {{"run", run}, {"attempts", attempts}, {"why", verdict.reason}});
  auto work = [id = message.id, run, reason = verdict.reason, now = clock_.now()](store::Transaction& tx) {
    store::Event event("status.undeliverable", now);
    event.run = run;
    const Json data = {{"reason", reason}};
    event.data = dump_json(data);
    const Result<std::int64_t> told = store::Events(tx).append(std::move(event));
    if (!told) return Result<void>(fail(told.error()));
    return store::Outbox(tx).bury(id, reason);
  };
  co_return co_await store_.write(std::move(work));
}

namespace {
awaitable<void> until_something_happens(store::Store& store, std::int64_t seen) {
  co_await store.next_event(seen);
  co_await sleep_for(settling_time);
}
}  // namespace

awaitable<void> Notifier::wait(std::int64_t seen, Time now) {
  const Result<std::optional<Time>> next = co_await store_.read(&store::Outbox::next_due, now);
  Milliseconds pause = longest_sleep;
  if (next && *next) pause = std::clamp(**next - clock_.now(), Milliseconds(0), pause);
  if (stop_.stop_requested() || room_ || pause == Milliseconds(0)) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor, pause);
  waiting_ = &timer;
  const std::shared_ptr<void> waited(nullptr, [this](void*) { waiting_ = nullptr; });
  boost::system::error_code stopped;
  auto sleeping = timer.async_wait(asio::redirect_error(use_awaitable, stopped));
  auto race = first_of(std::move(sleeping), until_something_happens(store_, seen));
  co_await std::move(race);
}

}  // namespace slipway::notify
