#pragma once
#include <map>
#include <string>

#include "orchestrator/rollouts/traffic.hpp"

namespace slipway::rollouts {

/// One way of traffic for most hosts and others for some. Borrows them.
class TrafficByHost final : public Traffic {
 public:
  TrafficByHost(Traffic& usual, std::map<std::string, Traffic*> others) : usual_(usual), others_(std::move(others)) {}

  awaitable<Result<void>> attach(Place place, std::vector<Backend> backends, unsigned percent) override {
    return at(place.host).attach(std::move(place), std::move(backends), percent);
  }
  awaitable<Result<void>> may_route(Place place, std::vector<Route> routes) override {
    return at(place.host).may_route(std::move(place), std::move(routes));
  }
  [[nodiscard]] bool weighs(const std::string& host) const override { return at(host).weighs(host); }
  [[nodiscard]] Result<void> check(const std::string& host, const Route& route) const override {
    return at(host).check(host, route);
  }
  awaitable<Result<void>> detach(Place place, std::vector<std::string> containers) override {
    return at(place.host).detach(std::move(place), std::move(containers));
  }
  awaitable<Result<void>> rename(Place place, std::string container, std::string name) override {
    return at(place.host).rename(std::move(place), std::move(container), std::move(name));
  }
  awaitable<Result<void>> forget(Place place, std::vector<std::string> routed) override {
    return at(place.host).forget(std::move(place), std::move(routed));
  }
  awaitable<Result<void>> mend(Place place, std::vector<Backend> backends) override {
    return at(place.host).mend(std::move(place), std::move(backends));
  }
  awaitable<Result<InFlight>> in_flight(Place place, std::vector<std::string> containers) override {
    return at(place.host).in_flight(std::move(place), std::move(containers));
  }
  [[nodiscard]] std::optional<PublicRoute> public_route(const Place& place, const Route& route) const override {
    return at(place.host).public_route(place, route);
  }

 private:
  [[nodiscard]] Traffic& at(const std::string& host) const {
    const auto found = others_.find(host);
    return found == others_.end() ? usual_ : *found->second;
  }

  Traffic& usual_;
  std::map<std::string, Traffic*> others_;
};

}  // namespace slipway::rollouts
