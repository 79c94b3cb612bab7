#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/drain_time.hpp"

namespace slipway::rollouts {

/// Whose requests, and on which host of the settings.
struct Place {
  std::string application;
  std::string host;
};

/// A running container that may take requests.
struct Backend {
  std::string service;
  std::string container;       ///< its name
  std::optional<Route> route;  ///< its service's; absent: nobody sends requests to it
};

/// What containers still have to answer.
struct InFlight {
  std::size_t requests = 0;
  std::size_t tunnels = 0;  ///< WebSockets and other upgraded connections
  /// For how long they have got no new ones; absent: nobody counts, or none of them ever got any.
  std::optional<Milliseconds> waited;
  /// How long they may take from when they got no new ones: the longest of the routes by which they got any, and of
  /// their services' present ones.
  DrainTime limit;
};

/// Where a route is asked for from outside.
struct PublicRoute {
  std::string url;
  std::string connect_to;  ///< the host's own address and port, whatever the URL's name resolves to
};

/// By the route's first host name, of a proxy that listens at `port` of the host at `address`.
PublicRoute public_route_at(const std::string& address, std::uint16_t port, bool tls, const Route& route);

/// Who sends requests to an application's containers on one host: a proxy, or nobody. All calls are repeatable; a
/// rollout that was interrupted makes them again. Kind::unavailable and Kind::timeout: the host could not be asked.
class Traffic {
 public:
  virtual ~Traffic() = default;

  /// From now on `backends` get requests, by their routes. Containers that got some before go on to do so until they
  /// are detached, by the new route of their service if it has one: as long as there are any, `backends` together get
  /// `percent` of their service's requests, and with 100 every container the same. Kind::conflict: a route is another
  /// application's.
  virtual awaitable<Result<void>> attach(Place place, std::vector<Backend> backends, unsigned percent) = 0;
  /// Whether `attach` would take these routes, as far as that can be known before. Kind::conflict: one of them is
  /// another application's.
  virtual awaitable<Result<void>> may_route(Place place, std::vector<Route> routes) = 0;
  /// Whether `percent` is kept to on `host`.
  [[nodiscard]] virtual bool weighs(const std::string& host) const = 0;
  /// Kind::invalid: what of `route` can't be had on `host`.
  [[nodiscard]] virtual Result<void> check(const std::string& host, const Route& route) const = 0;
  /// From now on `containers` get no new requests. Those they have go on.
  virtual awaitable<Result<void>> detach(Place place, std::vector<std::string> containers) = 0;
  /// `container` is about to be called `name`: it goes on to get requests or to drain under that, also when another one
  /// comes under the name that it had.
  virtual awaitable<Result<void>> rename(Place place, std::string container, std::string name) = 0;
  /// Services of the application other than `routed` lose their routes, unless one of their containers runs.
  virtual awaitable<Result<void>> forget(Place place, std::vector<std::string> routed) = 0;
  /// For when nothing is rolled out: `backends` are what runs of the promoted generation. Follows containers that came
  /// back with another address, and makes again what somebody removed. What drains is left alone.
  virtual awaitable<Result<void>> mend(Place place, std::vector<Backend> backends) = 0;
  virtual awaitable<Result<InFlight>> in_flight(Place place, std::vector<std::string> containers) = 0;
  /// Absent: nobody answers for routes.
  [[nodiscard]] virtual std::optional<PublicRoute> public_route(const Place& place, const Route& route) const = 0;
};

/// The longest of an application's routes.
DrainTime drain_time(const Application& application);

/// Without a proxy: containers are reached through the ports that they publish, and nothing stands in between.
std::unique_ptr<Traffic> direct_traffic();

}  // namespace slipway::rollouts
