#include "orchestrator/rollouts/traffic.hpp"

namespace slipway::rollouts {
namespace {

class DirectTraffic final : public Traffic {
 public:
  awaitable<Result<void>> attach(Place, std::vector<Backend>, unsigned) override { co_return Result<void>(); }
  awaitable<Result<void>> may_route(Place, std::vector<Route>) override { co_return Result<void>(); }
  [[nodiscard]] bool weighs(const std::string&) const override { return false; }
  [[nodiscard]] Result<void> check(const std::string&, const Route&) const override { return {}; }
  awaitable<Result<void>> detach(Place, std::vector<std::string>) override { co_return Result<void>(); }
  awaitable<Result<void>> rename(Place, std::string, std::string) override { co_return Result<void>(); }
  awaitable<Result<void>> forget(Place, std::vector<std::string>) override { co_return Result<void>(); }
  awaitable<Result<void>> mend(Place, std::vector<Backend>) override { co_return Result<void>(); }
  awaitable<Result<InFlight>> in_flight(Place, std::vector<std::string>) override { co_return InFlight(); }
  [[nodiscard]] std::optional<PublicRoute> public_route(const Place&, const Route&) const override { return {}; }
};

}  // namespace

PublicRoute public_route_at(const std::string& address, std::uint16_t port, bool tls, const Route& route) {
  const std::string bracketed = address.find(':') == std::string::npos ? address : "[" + address + "]";
  std::string name = route.hosts.empty() ? bracketed : route.hosts.front();
  if (name.starts_with("*.")) name.replace(0, 1, "slipway-probe");
  const std::string place = ":" + std::to_string(port);
  return {(tls ? "https://" : "http://") + name + place + route.path, bracketed + place};
}

/// An old container's route may be gone from the file: it still has the default.
DrainTime drain_time(const Application& application) {
  std::optional<DrainTime> longest;
  for (const Service& service : application.services) {
    if (service.route) longest = longer(longest.value_or(DrainTime()), drain_time(*service.route));
  }
  return longest.value_or(drain_time(Route()));
}

std::unique_ptr<Traffic> direct_traffic() {
  return std::make_unique<DirectTraffic>();
}

}  // namespace slipway::rollouts
