#include "orchestrator/rollouts/obstacles.hpp"

#include <algorithm>
#include <set>

#include "orchestrator/rollouts/compose/ports.hpp"
#include "orchestrator/rollouts/file_grants.hpp"
#include "orchestrator/rollouts/gather.hpp"
#include "orchestrator/rollouts/host_work.hpp"
#include "orchestrator/rollouts/labels.hpp"

namespace slipway::rollouts {
namespace {

constexpr Milliseconds obstacles_limit{10'000};

bool is_named(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool never_started(const std::vector<Shown>& shown, const std::string& name) {
  return std::any_of(shown.begin(), shown.end(),
                     [&](const Shown& one) { return one.name == name && one.status == "created"; });
}

/// Of what the host is to run, what it has to start or to make first.
std::set<std::string> services_to_start(const Target& target, const PlannedHost& planned) {
  std::set<std::string> services;
  for (const Wanted& wanted : target.wanted) {
    if (is_named(planned.create, wanted.name) || is_named(planned.start, wanted.name)) services.insert(wanted.service);
  }
  return services;
}

/// A word on the thing itself, against one on what kept slipwayd from looking at it.
bool is_certain(const Error& error) {
  using enum Error::Kind;
  return error.kind == conflict || error.kind == forbidden || error.kind == not_found || error.kind == invalid;
}

awaitable<Result<std::vector<docker::ContainerSummary>>> containers_of_others(docker::Engine* engine,
                                                                              std::string application) {
  docker::ListContainers what;
  what.all = false;
  what.filters.label(std::string(label::application));
  auto listed = co_await engine->containers().list(std::move(what));
  if (!listed) co_return fail(listed.error());
  std::erase_if(*listed, [&](const docker::ContainerSummary& one) {
    return label_of(one.labels, label::application) == application;
  });
  co_return listed;
}

awaitable<Result<void>> look_at_one(Parts* parts, std::shared_ptr<const Target> target, PlannedHost planned,
                                    Maker maker) {
  auto engine = parts->hosts.engine(planned.host);
  if (!engine) co_return fail(engine.error());
  const std::string& application = target->application.name;
  if (!planned.create.empty()) {
    const Site site{planned.host, parts->hosts.address_of(planned.host), *engine, &parts->traffic};
    HostWork work(site, parts->registries, parts->pool, parts->clock, maker);
    if (auto fits = co_await work.look_ahead(target); !fits) co_return fits;
  }
  if (!services_to_start(*target, planned).empty()) {
    auto others = co_await containers_of_others(*engine, application);
    if (!others) co_return fail(others.error());
    if (auto free = check_host_ports(*target, planned, *others); !free) co_return free;
  }
  std::vector<Route> routes;
  for (const Service& service : target->application.services) {
    if (service.route) routes.push_back(*service.route);
  }
  if (routes.empty()) co_return Result<void>();
  Place place{application, planned.host};
  co_return co_await parts->traffic.may_route(std::move(place), std::move(routes));
}

awaitable<void> look_at_one_in_time(Parts* parts, std::shared_ptr<const Target> target, PlannedHost planned,
                                    Maker maker, Result<void>* into) {
  auto work = look_at_one(parts, std::move(target), planned, std::move(maker));
  *into = co_await with_deadline(obstacles_limit, std::move(work), "look at host " + planned.host);
}

}  // namespace

Result<void> check_files(const Target& target, const PlannedHost& planned, const std::vector<Shown>& shown) {
  if (target.lost.empty()) return {};
  for (const Wanted& wanted : target.wanted) {
    const bool made = is_named(planned.create, wanted.name);
    const bool filled = !made && !(is_named(planned.start, wanted.name) && never_started(shown, wanted.name));
    const Service* service = target.service(wanted.service);
    if (filled || service == nullptr) continue;
    Result<void> granted = check_granted(target, *service);
    if (granted) continue;
    return fail(granted.error().in("container " + wanted.name + (made ? " has to be made" : " was never started")));
  }
  return {};
}

Result<void> check_host_ports(const Target& target, const PlannedHost& planned,
                              const std::vector<docker::ContainerSummary>& others) {
  HostPorts taken;
  for (const docker::ContainerSummary& one : others) {
    const std::string owner = one.name + " of the application " + label_of(one.labels, label::application);
    for (const docker::PublishedPort& port : one.ports) {
      (void)taken.take({port.host_ip, port.host_port, port.container_port, port.protocol}, owner);
    }
  }
  for (const std::string& name : services_to_start(target, planned)) {
    const Service* service = target.service(name);
    if (service == nullptr) continue;
    for (const PortMapping& port : service->ports) {
      const std::string owner = taken.take(port, {});
      if (owner.empty()) continue;
      return fail(Error::Kind::conflict,
                  "port " + port.published + " of service '" + name + "' is taken by container " + owner,
                  "publish another one, or take it from the other application first");
    }
  }
  return {};
}

awaitable<Result<void>> find_obstacles(Parts* parts, std::shared_ptr<const Target> target, Plan plan,
                                       std::vector<HostView> views, Maker maker) {
  std::vector<Result<void>> found(plan.hosts.size());
  std::vector<awaitable<void>> looks;
  for (std::size_t i = 0; i < plan.hosts.size(); ++i) {
    const PlannedHost& planned = plan.hosts[i];
    if (!planned.reachable || planned.leaves) continue;
    const auto view =
        std::find_if(views.begin(), views.end(), [&](const HostView& one) { return one.host == planned.host; });
    if (view != views.end()) found[i] = check_files(*target, planned, view->containers);
    if (found[i]) looks.push_back(look_at_one_in_time(parts, target, planned, maker, &found[i]));
  }
  co_await run_all("look for obstacles", std::move(looks));
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i] && is_certain(found[i].error())) {
      co_return fail(found[i].error().in("host " + plan.hosts[i].host));
    }
  }
  co_return Result<void>();
}

}  // namespace slipway::rollouts
