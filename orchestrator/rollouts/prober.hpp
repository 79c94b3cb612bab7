#pragma once
#include <functional>
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
/// would be, at most three at a time for a host; and counts. Threads of its own send them, so that slow answers hold
/// nobody up. Borrows `clock`. `stop` must have returned before it goes.
class Prober {
 public:
  /// What it asks of its owner.
  struct Owner {
    std::function<awaitable<bool>(std::string host)> answers;  ///< does the host itself answer
    std::function<void(std::string why)> dropped;              ///< a probe that counts has failed
  };

  Prober(Executor executor, const Clock& clock, ProbePolicy policy, std::vector<ProbeTarget> targets, ProbeLog log,
         Owner owner);

  /// If there are no threads to be had nothing is probed, and the log of the daemon says so.
  void start();
  awaitable<void> stop();
  /// What is sent from now on counts for this stage.
  void enter(std::string stage) { stage_ = std::move(stage); }
  [[nodiscard]] const ProbeLog& log() const { return log_; }

 private:
  awaitable<void> lane(ProbeTarget target, Milliseconds offset);
  awaitable<void> ask_once(ProbeTarget target);

  const Clock& clock_;
  ProbePolicy policy_;
  std::vector<ProbeTarget> targets_;
  ProbeLog log_;
  Owner owner_;
  std::string stage_;
  std::stop_source stopping_;
  Pool pool_;
  Tasks tasks_;
};

}  // namespace slipway::rollouts
