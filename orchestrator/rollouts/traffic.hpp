#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/async.hpp"

namespace slipway::rollouts {

/// A container that may take requests.
struct Backend {
  Backend() = default;
  std::string application;
  std::string service;
  std::string container;  ///< its name
  std::string host;       ///< of the settings
};

/// Who sends requests to an application's containers on one host: a proxy, or nobody. All calls are repeatable; a
/// rollout that was interrupted makes them again.
class Traffic {
 public:
  virtual ~Traffic() = default;

  /// From now on `backends` get requests.
  virtual awaitable<Result<void>> attach(std::vector<Backend> backends) = 0;
  /// From now on `backends` get no new requests.
  virtual awaitable<Result<void>> detach(std::vector<Backend> backends) = 0;
  /// Requests and connections that `backends` still have; absent: nobody counts.
  virtual awaitable<Result<std::optional<std::size_t>>> in_flight(std::vector<Backend> backends) = 0;
};

/// Without a route: containers are reached through the ports that they publish, and nothing stands in between.
std::unique_ptr<Traffic> direct_traffic();

}  // namespace slipway::rollouts
