#include "orchestrator/notify/notifier.hpp"

#include <boost/asio/redirect_error.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/log.hpp"
#include "orchestrator/notify/forge.hpp"
#include "orchestrator/store/events.hpp"

namespace slipway::notify {
namespace {

constexpr std::size_t at_once = 4;
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

}  // namespace

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
  while (!stop_.stop_requested()) {
    const std::size_t sent = co_await send_due();
    if (sent == 0) co_await wait();
  }
}

void Notifier::stop() {
  stop_.request_stop();
  if (waiting_) waiting_->cancel();
}

awaitable<std::size_t> Notifier::send_due() {
  Result<std::vector<store::Message>> due = co_await store_.read(&store::Outbox::due, clock_.now(), at_once);
  if (!due) {
    log::warn("the outbox can't be read", {{"why", due.error()}});
    co_return 0;
  }
  const std::size_t count = due->size();
  // All are waited for, so the next message for the same commit can't overtake one of these.
  if (count > 0) co_await send_all(std::move(*due));
  co_return count;
}

awaitable<void> Notifier::send_all(std::vector<store::Message> messages) {
  using namespace asio::experimental::awaitable_operators;
  store::Message last = std::move(messages.back());
  messages.pop_back();
  if (messages.empty()) {
    co_await send(std::move(last));
  } else {
    co_await (send(std::move(last)) && send_all(std::move(messages)));
  }
}

awaitable<void> Notifier::send(store::Message message) {
  const RunId run = run_of(message);
  Judgement verdict = co_await attempt(run);
  if (stop_.stop_requested() && verdict.kind != Judgement::Kind::sent) co_return;
  const Result<void> settled = co_await settle(std::move(message), run, std::move(verdict));
  if (settled) co_return;
  // Without a pause a store that takes no writes would have us send the same again and again.
  log::warn("the outbox can't be written", {{"why", settled.error()}});
  co_await sleep_for(std::chrono::seconds(5));
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
  co_return judge(answer, clock_.now());
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

awaitable<void> Notifier::wait() {
  using namespace asio::experimental::awaitable_operators;
  const std::int64_t seen = store_.newest_event();
  const Result<std::optional<Time>> next = co_await store_.read(&store::Outbox::next_due);
  Milliseconds pause = longest_sleep;
  if (next && *next) pause = std::clamp(**next - clock_.now(), Milliseconds(0), pause);
  if (stop_.stop_requested() || pause == Milliseconds(0)) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor, pause);
  waiting_ = &timer;
  boost::system::error_code stopped;
  auto sleeping = timer.async_wait(asio::redirect_error(use_awaitable, stopped));
  co_await (std::move(sleeping) || until_something_happens(store_, seen));
  waiting_ = nullptr;
}

}  // namespace slipway::notify
