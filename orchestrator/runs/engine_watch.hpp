#pragma once
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "docker-client/engine.hpp"

namespace slipway::runs {

/// Knows whether the engine answers, and which containers somebody else has sent a signal. Its events end at once when
/// the engine goes; a ping every few seconds finds one that hangs. What happened while nobody listened is asked for
/// afterwards, as far back as an engine remembers. Borrows the engine.
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
  /// Counts the networks and images that were removed, by anybody, `docker system prune` among them; and one more each
  /// time that events may have been missed.
  [[nodiscard]] std::uint64_t removals() const { return removals_; }
  awaitable<void> until_available();
  /// A call has failed as if the engine were out: asks now, over a new connection. That its socket is gone shows only
  /// there.
  void doubt();

  /// The signal that the engine was last told to send a container: by slipway, by a person, or by the engine itself
  /// when it shuts down. A hint: none does not say that none was sent. Remembers the last 1024 containers.
  [[nodiscard]] std::optional<int> signal_sent(const std::string& container) const;
  /// When the engine came up last, by its own clock; with live restore, when it came up without containers. What ended
  /// before that ended while no engine was there, or was ended by it. None where it does not tell.
  awaitable<Result<std::optional<Time>>> engine_start();

  /// `call()` again and again as long as it fails because the engine is out. For calls that may be repeated: never for
  /// starting a container.
  template <class Call>
  auto persist(Call call) -> decltype(call()) {
    for (;;) {
      auto result = co_await call();
      if (result || !result.error().transient()) co_return result;
      doubt();
      co_await sleep_for(std::chrono::milliseconds(100));
      co_await until_available();
    }
  }

 private:
  awaitable<void> until_lost();
  awaitable<void> follow_events();
  awaitable<void> ping_now_and_then();
  awaitable<Result<void>> ping();
  void note(const docker::Event& event);
  void note_signal(const docker::Event& event);
  void set(bool available, std::string reason);

  docker::Engine& engine_;
  asio::steady_timer back_;       // expires when the engine is back
  asio::steady_timer next_ping_;  // expires early when there is doubt
  std::function<void(bool)> on_change_;
  bool available_ = true;  // until shown otherwise
  std::string reason_;
  std::uint64_t outages_ = 0;
  std::uint64_t removals_ = 0;
  std::string since_;            // from when on events are asked for; those of the last one's time come again
  docker::RecentEvents recent_;  // so that they count once
  bool has_followed_ = false;
  std::map<std::string, int> signals_;  // by container
  std::deque<std::string> signalled_;   // the same containers, oldest first
};

}  // namespace slipway::runs
