#pragma once
#include <string>

#include "docker-client/containers.hpp"

namespace slipway::docker {

/// What the containers of a swarm's tasks write, read through a manager from the nodes that they are on. Of a node that
/// does not answer nothing comes, and the end may not come either: give it a deadline. Borrows `transport`, which must
/// outlive it.
class TaskLogs {
 public:
  explicit TaskLogs(Transport& transport) : transport_(transport) {}
  /// Frames as with Containers::logs. A task that is not known any more is Kind::not_found.
  awaitable<Result<ResponseStream>> open(std::string task, LogsRequest what);

 private:
  Transport& transport_;
};

}  // namespace slipway::docker
