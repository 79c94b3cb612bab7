#include "orchestrator/rollouts/swarm/swarm_view.hpp"

#include "orchestrator/rollouts/labels.hpp"

namespace slipway::rollouts::swarm {

awaitable<Result<ServiceView>> look_at_service(docker::Engine* manager, std::string name) {
  ServiceView view;
  auto service = co_await manager->services().inspect(name);
  if (!service) co_return fail(service.error());
  view.service = std::move(*service);
  docker::Filters of_it;
  of_it.add("service", view.service.id);
  auto tasks = co_await manager->services().tasks(std::move(of_it));
  if (!tasks) co_return fail(tasks.error());
  view.tasks = std::move(*tasks);
  co_return view;
}

awaitable<Result<std::vector<ServiceView>>> look_at_services(docker::Engine* manager, std::string instance,
                                                             std::string application) {
  docker::Filters ours;
  ours.label(std::string(label::instance), instance);
  ours.label(std::string(label::application), application);
  auto listed = co_await manager->services().list(std::move(ours));
  if (!listed) co_return fail(listed.error());
  std::vector<ServiceView> views;
  for (const docker::Service& service : *listed) {
    auto view = co_await look_at_service(manager, service.id);
    if (!view && view.error().kind == Error::Kind::not_found) continue;
    if (!view) co_return fail(view.error());
    views.push_back(std::move(*view));
  }
  co_return views;
}

awaitable<Result<NodeNames>> node_names(docker::Engine* manager) {
  auto nodes = co_await manager->services().nodes();
  if (!nodes) co_return fail(nodes.error());
  NodeNames names;
  for (const docker::Node& node : *nodes) names[node.id] = node.hostname;
  co_return names;
}

}  // namespace slipway::rollouts::swarm
