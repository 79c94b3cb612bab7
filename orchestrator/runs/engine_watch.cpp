#include "orchestrator/runs/engine_watch.hpp"

#include <boost/asio/redirect_error.hpp>

#include "base/log.hpp"

namespace slipway::runs {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPingEvery = 5s;
constexpr Duration kPingLimit = 5s;
constexpr Duration kRetryEvery = 300ms;

}  // namespace

EngineWatch::EngineWatch(docker::Engine& engine, const Executor& executor) : engine_(engine), back_(executor) {}

awaitable<void> EngineWatch::run(std::function<void(bool)> on_change) {
  on_change_ = std::move(on_change);
  for (;;) {
    const Result<void> answer = co_await ping();
    set(answer.has_value(), answer ? "" : answer.error().message);
    if (!answer) {
      co_await sleep_for(kRetryEvery);
      continue;
    }
    co_await until_lost();
  }
}

awaitable<void> EngineWatch::until_lost() {
  using namespace asio::experimental::awaitable_operators;
  co_await (follow_events() || ping_now_and_then());
}

/// Returns when the stream of events ends, which is the first sign of an engine that stops.
awaitable<void> EngineWatch::follow_events() {
  docker::EventsRequest request;
  request.filters.add("type", "daemon");
  auto work = engine_.events().follow(std::move(request));
  Result<docker::EventStream> events = co_await std::move(work);
  if (!events) co_return;
  for (;;) {
    const Result<std::optional<docker::Event>> event = co_await events->next();
    if (!event || !*event) co_return;
  }
}

awaitable<void> EngineWatch::ping_now_and_then() {
  for (;;) {
    co_await sleep_for(kPingEvery);
    const Result<void> answer = co_await ping();
    if (!answer) co_return;
  }
}

awaitable<Result<void>> EngineWatch::ping() {
  auto work = engine_.system().ping();
  co_return co_await with_deadline(kPingLimit, std::move(work), "the engine's answer");
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
