#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "docker-client/engine.hpp"

namespace slipway::runs {

/// Knows whether the engine answers. Its events end at once when the engine goes; a ping every few seconds finds one
/// that hangs. Borrows the engine.
class EngineWatch {
 public:
  EngineWatch(docker::Engine& engine, const Executor& executor);
  EngineWatch(const EngineWatch&) = delete;
  EngineWatch& operator=(const EngineWatch&) = delete;

  /// Watches until it is cancelled. `on_change` is told of each change.
  awaitable<void> run(std::function<void(bool available)> on_change);

  [[nodiscard]] bool available() const { return available_; }
  /// Why not, for people; empty while it answers.
  [[nodiscard]] const std::string& reason() const { return reason_; }
  /// Counts the times it went away: unchanged means that it was there all along.
  [[nodiscard]] std::uint64_t outages() const { return outages_; }
  awaitable<void> until_available();

  /// `call()` again and again as long as it fails because the engine is out. For calls that may be repeated: never for
  /// starting a container.
  template <class Call>
  auto persist(Call call) -> decltype(call()) {
    for (;;) {
      auto result = co_await call();
      if (result || !result.error().transient()) co_return result;
      co_await sleep_for(std::chrono::milliseconds(100));
      co_await until_available();
    }
  }

 private:
  awaitable<void> until_lost();
  awaitable<void> follow_events();
  awaitable<void> ping_now_and_then();
  awaitable<Result<void>> ping();
  void set(bool available, std::string reason);

  docker::Engine& engine_;
  asio::steady_timer back_;  // expires when the engine is back
  std::function<void(bool)> on_change_;
  bool available_ = true;  // until shown otherwise
  std::string reason_;
  std::uint64_t outages_ = 0;
};

}  // namespace slipway::runs
