#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/probe_log.hpp"
#include "orchestrator/rollouts/traffic.hpp"

namespace slipway::rollouts {

/// One host's route, asked for from here.
struct ProbeTarget {
  std::string host;
  PublicRoute route;
};

/// Sends GET requests to the routes of hosts at the policy's rate, each on a connection of its own as a new client
/// would be, at most three at a time for a host (`settle` aside); and counts. Threads of its own send them, so that
/// slow answers hold nobody up. Borrows `clock`. `stop` must have returned before it goes.
class Prober {
 public:
  /// What it asks of its owner.
  struct Owner {
    std::function<awaitable<bool>(std::string host)> answers;  ///< does the host itself answer
    std::function<void(std::string why)> dropped;              ///< a probe that counts has failed
    Milliseconds patience{0};                                  ///< how long `answers` may take
  };

  Prober(Executor executor, const Clock& clock, ProbePolicy policy, std::vector<ProbeTarget> targets, ProbeLog log,
         Owner owner);

  /// If there are no threads to be had nothing is probed, and the log of the daemon says so.
  void start();
  /// Sends one more to `host`, whatever the rate, and waits until that and what was sent to it before has been
  /// answered, or has failed and was told; at most as long as a probe may take. Sending goes on.
  awaitable<void> settle(std::string host);
  /// Sends no more and waits likewise for all hosts. What is still open then is filed as unanswered.
  awaitable<void> finish();
  awaitable<void> stop();
  /// What is sent from now on counts for this stage.
  void enter(std::string stage) { stage_ = std::move(stage); }
  [[nodiscard]] const ProbeLog& log() const { return log_; }

 private:
  /// A probe that was sent and says nothing yet.
  struct Open {
    std::string host;
    std::string stage;
  };
  class Sent;

  awaitable<void> lane(ProbeTarget target, Milliseconds offset);
  awaitable<void> ask_once(ProbeTarget target, std::unique_ptr<Sent> sent);
  /// Until none is open of those up to number `last`; empty `host`: all.
  awaitable<Result<void>> until_answered(std::string host, std::uint64_t last);
  awaitable<void> wait_for_open(std::string host);

  const Clock& clock_;
  ProbePolicy policy_;
  std::vector<ProbeTarget> targets_;
  ProbeLog log_;
  Owner owner_;
  std::string stage_;
  std::map<std::uint64_t, Open> open_;  ///< by number, counted from 1
  std::uint64_t sent_ = 0;
  bool sending_ = false;
  bool finished_ = false;        ///< nothing more is counted
  asio::steady_timer answered_;  ///< never expires; cancelled to wake who waits for an answer
  std::stop_source stopping_;
  Pool pool_;
  Tasks tasks_;
};

}  // namespace slipway::rollouts
