#pragma once
#include <map>
#include <string>
#include <vector>

#include "docker-client/services.hpp"
#include "orchestrator/rollouts/difference.hpp"

/// What a swarm has made of a service that was asked for. Pure.
namespace slipway::rollouts::swarm {

/// One service as a manager shows it.
struct ServiceView {
  docker::Service service;
  std::vector<docker::Task> tasks;  ///< those that ended, too, as far back as the swarm keeps them
};
using NodeNames = std::map<std::string, std::string>;  ///< by node's id

struct Verdict {
  enum class Kind {
    settled,  ///< as asked, and all its tasks run
    wait,
    failed,  ///< and nothing more will come of it by itself
  };
  Kind kind = Kind::wait;
  std::string service;  ///< of the application
  std::string reason;   ///< if it is not settled
  std::size_t running = 0, wanted = 0;
  std::vector<std::string> tasks;  ///< ids of those that run, in order
  std::string failed_task;         ///< the newest that failed; empty: none
};

/// Whether the service is as `wanted` asks, by its labels.
bool is_as_asked(const docker::Labels& labels, const Wanted& wanted);
/// Whether `rollout` has asked for `wanted` already: the service says so, or a task does that the swarm has gone back
/// from since.
bool was_asked(const ServiceView& view, const Wanted& wanted, std::int64_t rollout);
/// The swarm has stopped in the middle and waits for somebody.
bool is_stuck(const docker::Service& service);

Verdict judge(const ServiceView& view, const Wanted& wanted, const NodeNames& nodes);

}  // namespace slipway::rollouts::swarm
