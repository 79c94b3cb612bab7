#pragma once
#include <functional>
#include <string>

#include "base/http_client.hpp"
#include "orchestrator/rollouts/caddy/caddy_settings.hpp"
#include "orchestrator/rollouts/host_directory.hpp"
#include "orchestrator/rollouts/proxy_table.hpp"
#include "orchestrator/rollouts/traffic.hpp"

namespace slipway::rollouts::caddy {

/// Requests through a Caddy that is there already, on hosts whose settings name one, by its admin API. What it knows is
/// in Caddy's own configuration; so each call begins anew and can be repeated by anybody. Each change is one new
/// configuration, accepted only if nobody else changed it meanwhile (If-Match). Borrows all it is given; how long
/// containers drain is told by `clock`. `fleet` may change.
class CaddyTraffic final : public Traffic {
 public:
  CaddyTraffic(HostDirectory& hosts, Pool& pool, const Clock& clock, const CaddiesByHost& caddies,
               const std::string& fleet)
      : hosts_(hosts), pool_(pool), clock_(clock), caddies_(caddies), fleet_(fleet) {}

  awaitable<Result<void>> attach(Place place, std::vector<Backend> backends, unsigned percent) override;
  awaitable<Result<void>> may_route(Place place, std::vector<Route> routes) override;
  [[nodiscard]] bool weighs(const std::string&) const override { return false; }
  [[nodiscard]] Result<void> check(const std::string& host, const Route& route) const override;
  awaitable<Result<void>> detach(Place place, std::vector<std::string> containers) override;
  awaitable<Result<void>> rename(Place place, std::string container, std::string name) override;
  awaitable<Result<void>> forget(Place place, std::vector<std::string> routed) override;
  awaitable<Result<void>> mend(Place place, std::vector<Backend> backends) override;
  /// Tunnels are among the requests.
  awaitable<Result<InFlight>> in_flight(Place place, std::vector<std::string> containers) override;
  [[nodiscard]] std::optional<PublicRoute> public_route(const Place& place, const Route& route) const override;

 private:
  /// A server's routes as they are.
  struct Found {
    std::string routes;
    std::string etag;
    ProxyTable table;
  };
  using Change = std::function<Result<void>(ProxyTable&)>;

  awaitable<Result<HttpResponse>> get(std::string host, std::string path);
  awaitable<Result<Found>> look(std::string host);
  /// False: somebody else changed the configuration meanwhile, or it is not known whether it was taken.
  awaitable<Result<bool>> write(std::string host, Found before, ProxyTable after);
  awaitable<Result<void>> change(std::string host, Change how);

  HostDirectory& hosts_;
  Pool& pool_;
  const Clock& clock_;
  const CaddiesByHost& caddies_;
  const std::string& fleet_;
};

}  // namespace slipway::rollouts::caddy
