#pragma once
#include <map>
#include <memory>
#include <string>

#include "base/async_lock.hpp"
#include "orchestrator/rollouts/haproxy/proxy_container.hpp"
#include "orchestrator/rollouts/host_directory.hpp"
#include "orchestrator/rollouts/traffic.hpp"

namespace slipway::rollouts::haproxy {

/// Requests through a managed HAProxy on each host that has a route. What it knows is on the host itself: a table, the
/// configuration made from it, and HAProxy's own figures; so each call begins anew and can be repeated by anybody.
/// Applications without a route cost one look at the host. Borrows all it is given. How long containers drain is
/// told by `clock`, which must go on evenly, also across restarts. `fleet` may change.
class HaproxyTraffic final : public Traffic {
 public:
  HaproxyTraffic(HostDirectory& hosts, Registries& registries, const Clock& clock, const ProxySettings& settings,
                 const std::string& fleet)
      : hosts_(hosts), registries_(registries), clock_(clock), settings_(settings), fleet_(fleet) {}

  awaitable<Result<void>> attach(Place place, std::vector<Backend> backends, unsigned percent) override;
  awaitable<Result<void>> may_route(Place place, std::vector<Route> routes) override;
  [[nodiscard]] bool weighs(const std::string&) const override { return true; }
  [[nodiscard]] Result<void> check(const std::string&, const Route&) const override { return {}; }
  awaitable<Result<void>> detach(Place place, std::vector<std::string> containers) override;
  awaitable<Result<void>> rename(Place place, std::string container, std::string name) override;
  awaitable<Result<void>> forget(Place place, std::vector<std::string> routed) override;
  awaitable<Result<void>> mend(Place place, std::vector<Backend> backends) override;
  awaitable<Result<InFlight>> in_flight(Place place, std::vector<std::string> containers) override;
  [[nodiscard]] std::optional<PublicRoute> public_route(const Place& place, const Route& route) const override;

 private:
  struct Host {
    AsyncLock lock;               ///< the table is read, changed and written by one at a time
    Conversations conversations;  ///< kept from one call to the next, until nothing is in flight
  };

  /// A host whose table nobody else changes meanwhile.
  struct Visit {
    Visit(Host& h, AsyncLock::Held l, docker::Engine* e, ProxyContainers p)
        : host(h), held(std::move(l)), engine(e), proxies(std::move(p)) {}
    Host& host;
    AsyncLock::Held held;
    docker::Engine* engine;
    ProxyContainers proxies;
    ProxyTable table;
  };

  struct Certificates {
    std::map<std::string, std::string> pems;    ///< by name; those that are to be written
    std::map<std::string, std::string> hashes;  ///< by name; of all
  };

  awaitable<Result<std::unique_ptr<Visit>>> visit(std::string name);
  [[nodiscard]] Result<Certificates> certificates(const ProxyTable& before, const ProxyTable& after) const;
  awaitable<Result<void>> put_in_place(Visit* visit, std::string application, ProxyTable after);
  awaitable<Result<void>> load(Host* host, ProxyContainers* proxies, RunningProxy newest, std::string structure);
  static awaitable<Result<void>> tell(Host* host, std::string application, ProxyTable::Services services);
  static awaitable<Result<void>> count(Host* host, Place place, std::vector<std::string> servers, InFlight* sum);

  HostDirectory& hosts_;
  Registries& registries_;
  const Clock& clock_;
  const ProxySettings& settings_;
  const std::string& fleet_;
  std::map<std::string, std::unique_ptr<Host>> by_host_;
};

}  // namespace slipway::rollouts::haproxy
