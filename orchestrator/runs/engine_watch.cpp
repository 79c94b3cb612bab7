#include "orchestrator/runs/engine_watch.hpp"

#include <charconv>

#include <boost/asio/redirect_error.hpp>

#include "base/log.hpp"
#include "orchestrator/runs/naming.hpp"

namespace slipway::runs {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPingEvery = 5s;
constexpr Duration kPingLimit = 5s;
constexpr Duration kAskAgainEvery = 300ms;
constexpr std::size_t kSignalsKept = 1024;

}  // namespace

EngineWatch::EngineWatch(docker::Engine& engine, const Executor& executor)
    : engine_(engine), back_(executor), next_ping_(executor) {}

awaitable<void> EngineWatch::run(std::function<void(bool)> on_change) {
  on_change_ = std::move(on_change);
  since_ = docker::since_time(SystemClock().now());
  for (;;) {
    const Result<void> answer = co_await ping();
    set(answer.has_value(), answer ? "" : answer.error().message);
    if (!answer) {
      co_await sleep_for(kAskAgainEvery);
      continue;
    }
    co_await until_lost();
  }
}

awaitable<void> EngineWatch::until_lost() {
  auto race = first_of(follow_events(), ping_now_and_then());
  co_await std::move(race);
}

/// Returns when the stream of events ends, which is the first sign of an engine that stops, or of a connection that
/// broke: then the next stream begins where this one ended.
awaitable<void> EngineWatch::follow_events() {
  docker::EventsRequest request;
  request.filters.add("type", "container").add("type", "network").add("type", "image");
  request.filters.add("event", "kill").add("event", "destroy").add("event", "delete");
  request.since = since_;
  auto work = engine_.events().follow(std::move(request));
  Result<docker::EventStream> events = co_await std::move(work);
  if (!events) co_return;
  if (std::exchange(has_followed_, true)) ++removals_;
  for (;;) {
    const Result<std::optional<docker::Event>> event = co_await events->next();
    if (!event || !*event) co_return;
    note(**event);
  }
}

/// Events of networks and images have no labels, so all are asked for.
void EngineWatch::note(const docker::Event& event) {
  if (!recent_.is_new(event)) return;
  since_ = event.since();
  if (event.type != "container") {
    ++removals_;
  } else if (event.action == "kill" && event.attributes.contains(std::string(label::kInstance))) {
    note_signal(event);
  }
}

awaitable<void> EngineWatch::ping_now_and_then() {
  for (;;) {
    boost::system::error_code woken;
    next_ping_.expires_after(kPingEvery);
    co_await next_ping_.async_wait(asio::redirect_error(use_awaitable, woken));
    co_await throw_if_cancelled();
    const Result<void> answer = co_await ping();
    if (!answer) co_return;
  }
}

awaitable<Result<void>> EngineWatch::ping() {
  auto work = engine_.system().ping();
  co_return co_await with_deadline(kPingLimit, std::move(work), "the engine's answer");
}

void EngineWatch::doubt() {
  engine_.transport().close_idle();
  next_ping_.expires_at(asio::steady_timer::time_point::min());
}

void EngineWatch::note_signal(const docker::Event& event) {
  const auto given = event.attributes.find("signal");
  int number = 0;
  if (given != event.attributes.end()) {
    const std::string& text = given->second;
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  if (signals_.insert_or_assign(event.actor, number).second) signalled_.push_back(event.actor);
  if (signalled_.size() <= kSignalsKept) return;
  signals_.erase(signalled_.front());
  signalled_.pop_front();
}

std::optional<int> EngineWatch::signal_sent(const std::string& container) const {
  const auto found = signals_.find(container);
  return found == signals_.end() ? std::nullopt : std::optional(found->second);
}

awaitable<Result<std::optional<Time>>> EngineWatch::engine_start() {
  const auto call = [this] { return engine_.networks().inspect("bridge"); };
  const Result<docker::Network> bridge = co_await persist(call);
  if (bridge) co_return bridge->created_at;
  if (bridge.error().kind == Error::Kind::not_found) co_return std::optional<Time>();
  co_return fail(bridge.error());
}

awaitable<void> EngineWatch::until_available() {
  while (!available_) {
    boost::system::error_code ended;
    co_await back_.async_wait(asio::redirect_error(use_awaitable, ended));
    co_await throw_if_cancelled();
  }
}

void EngineWatch::set(bool available, std::string reason) {
  reason_ = std::move(reason);
  if (available == available_) return;
  available_ = available;
  if (available) {
    log::info("engine is back", {{"outages", outages_}});
    back_.expires_at(asio::steady_timer::time_point::min());
  } else {
    ++outages_;
    log::warn("engine does not answer", {{"reason", reason_}});
    back_.expires_at(asio::steady_timer::time_point::max());
  }
  if (on_change_) on_change_(available);
}

}  // namespace slipway::runs
