#include "orchestrator/rollouts/compose/check.hpp"

#include <algorithm>
#include <set>

#include "orchestrator/rollouts/compose/ports.hpp"

namespace slipway::rollouts {
namespace {

template <class List>
bool has_key(const List& list, const std::string& key) {
  return std::any_of(list.begin(), list.end(), [&](const auto& one) { return one.key == key; });
}

std::vector<std::string_view> service_names(const Application& application) {
  std::vector<std::string_view> names;
  names.reserve(application.services.size());
  for (const Service& service : application.services) names.push_back(service.name);
  return names;
}

/// Services that name no network share one that is called default; others may name it beside theirs, as in Compose.
void join_default(Application& application) {
  bool used = false;
  for (Service& service : application.services) {
    if (!service.no_network && service.networks.empty()) {
      NetworkUse use;
      use.network = "default";
      service.networks.push_back(std::move(use));
    }
    used = used || std::any_of(service.networks.begin(), service.networks.end(),
                               [](const NetworkUse& use) { return use.network == "default"; });
  }
  if (!used || has_key(application.networks, "default")) return;
  Network network;
  network.key = "default";
  network.name = application.name + "_default";
  application.networks.push_back(std::move(network));
}

void check_names(const Application& application, const Service& service, Position at, Diagnostics& diagnostics) {
  for (const NetworkUse& use : service.networks) {
    if (has_key(application.networks, use.network)) continue;
    diagnostics.error(at, "service `" + service.name + "` is in a network that the file does not have", use.network,
                      "add it below `networks`");
  }
  for (const VolumeMount& mount : service.volumes) {
    if (mount.kind != VolumeMount::Kind::volume || mount.source.empty()) continue;
    if (has_key(application.volumes, mount.source)) continue;
    diagnostics.error(at, "service `" + service.name + "` uses a volume that the file does not have", mount.source,
                      "add it below `volumes`");
  }
  const auto check_grants = [&](const auto& grants, const auto& sources, const char* what) {
    for (const FileGrant& grant : grants) {
      if (has_key(sources, grant.source)) continue;
      diagnostics.error(at, "service `" + service.name + "` uses a " + what + " that the file does not have",
                        grant.source, "add it below `" + std::string(what) + "s`");
    }
  };
  check_grants(service.secrets, application.secrets, "secret");
  check_grants(service.configs, application.configs, "config");
  for (const Dependency& on : service.depends_on) {
    const auto names = service_names(application);
    if (std::find(names.begin(), names.end(), on.service) != names.end()) continue;
    diagnostics.error(at, "service `" + service.name + "` depends on a service that the file does not have", on.service,
                      pipelines::suggest(on.service, names));
  }
}

void check_circles(const Application& application, const Places& places, Diagnostics& diagnostics) {
  std::set<std::string> placed;
  for (bool moved = true; moved;) {
    moved = false;
    for (const Service& service : application.services) {
      const bool ready = std::all_of(service.depends_on.begin(), service.depends_on.end(),
                                     [&](const Dependency& on) { return placed.contains(on.service); });
      if (ready && placed.insert(service.name).second) moved = true;
    }
  }
  for (const Service& service : application.services) {
    if (placed.contains(service.name)) continue;
    diagnostics.error(places.services.at(service.name), "service `" + service.name + "` is in a circle of `depends_on`",
                      service.name, "leave one of the dependencies out");
    return;
  }
}

/// A service whose success others wait for runs to its end, once for each of its containers.
void mark_completing(Application& application, const Places& places, Diagnostics& diagnostics) {
  std::set<std::string> awaited;
  for (const Service& service : application.services) {
    for (const Dependency& on : service.depends_on) {
      if (on.condition == Dependency::Condition::completed) awaited.insert(on.service);
    }
  }
  for (Service& service : application.services) {
    if (!awaited.contains(service.name)) continue;
    service.completes = true;
    const Position at = places.services.at(service.name);
    if (service.restart.name == "always" || service.restart.name == "unless-stopped") {
      if (service.restart.given) {
        diagnostics.error(at, "service `" + service.name + "` is to complete, and its restart policy never lets it",
                          service.restart.name, "write restart: \"no\" or restart: on-failure:3");
      }
      service.restart.name = "no";
    }
    if (service.route) {
      diagnostics.error(at, "service `" + service.name + "` is to complete, so it can't have a route", service.name);
    }
  }
}

void check_ports(const Application& application, const Places& places, Diagnostics& diagnostics) {
  HostPorts taken;
  for (const Service& service : application.services) {
    const Position at = places.services.at(service.name);
    for (const PortMapping& port : service.ports) {
      if (port.published.empty() || port.published.find('-') != std::string::npos) continue;
      if (service.replicas > 1 && !service.swarm) {
        diagnostics.error(at,
                          "service `" + service.name + "` has " + std::to_string(service.replicas) +
                              " replicas on each host, and they can't share the host's port",
                          port.published, "publish a range, or only the container's port");
      }
      const std::string owner = taken.take(port, service.name);
      if (owner.empty()) continue;
      diagnostics.error(at, "the host's port is published twice, by `" + owner + "` and `" + service.name + "`",
                        port.published);
    }
  }
}

bool publishes(const Service& service, std::uint16_t port) {
  return std::any_of(service.ports.begin(), service.ports.end(),
                     [&](const PortMapping& one) { return one.target == port && one.protocol == "tcp"; });
}

/// A gate is asked through a port of the host, so somebody must publish it.
void check_gate(Application& application, const Places& places, Diagnostics& diagnostics) {
  if (!application.policy.gate) return;
  HttpGate& gate = *application.policy.gate;
  std::vector<std::string> answering;
  for (const Service& service : application.services) {
    if ((gate.service.empty() || gate.service == service.name) && publishes(service, gate.port)) {
      answering.push_back(service.name);
    }
  }
  if (answering.size() == 1) {
    gate.service = answering.front();
    return;
  }
  const std::string port = std::to_string(gate.port);
  diagnostics.error(places.x_slipway,
                    answering.empty() ? "the HTTP gate asks for a port of a container that no service publishes"
                                      : "more than one service publishes the HTTP gate's port",
                    port,
                    answering.empty() ? "add it to the service's `ports`, such as [\"" + port + "\"]"
                                      : "name one in gate.http.service");
}

/// What runs in or from a service's container says which, unless there is only one.
void check_service(const Application& application, const std::string& what, std::string& service, const Places& places,
                   Diagnostics& diagnostics) {
  const auto names = service_names(application);
  if (service.empty() && names.size() == 1) service = names.front();
  if (std::find(names.begin(), names.end(), service) != names.end()) return;
  if (service.empty()) {
    diagnostics.error(places.x_slipway, what + " does not say to which service it belongs", {},
                      "name one in its `service`");
  } else {
    diagnostics.error(places.x_slipway, what + " names a service that the file does not have", service,
                      pipelines::suggest(service, names));
  }
}

void check_programs(Application& application, const Places& places, Diagnostics& diagnostics) {
  Policy& policy = application.policy;
  if (policy.command) check_service(application, "the command gate", policy.command->service, places, diagnostics);
  if (policy.migrate) check_service(application, "`migrate`", policy.migrate->service, places, diagnostics);
  for (auto& [point, hooks] : policy.hooks) {
    for (Hook& hook : hooks) {
      check_service(application, "the hook `" + std::string(name_of(point)) + "`", hook.service, places, diagnostics);
    }
  }
}

/// Two services can't answer the same requests.
void check_routes(const Application& application, const Places& places, Diagnostics& diagnostics) {
  std::map<std::string, std::string> owners;
  for (const Service& service : application.services) {
    if (!service.route) continue;
    std::vector<std::string> hosts = service.route->hosts;
    if (hosts.empty()) hosts.emplace_back("*");
    for (const std::string& host : hosts) {
      const auto [owner, is_new] = owners.emplace(host + service.route->path, service.name);
      if (is_new) continue;
      diagnostics.error(places.services.at(service.name),
                        "the same requests are routed to `" + owner->second + "` and `" + service.name + "`",
                        owner->first, "give one of them another `host` or `path`");
    }
  }
}

void drop_unused(Application& application) {
  std::set<std::string> networks;
  std::set<std::string> volumes;
  std::set<std::string> files;
  for (const Service& service : application.services) {
    for (const NetworkUse& use : service.networks) networks.insert(use.network);
    for (const VolumeMount& mount : service.volumes) volumes.insert(mount.source);
    for (const FileGrant& grant : service.secrets) files.insert(grant.source);
    for (const FileGrant& grant : service.configs) files.insert(grant.source);
  }
  std::erase_if(application.networks, [&](const Network& one) { return !networks.contains(one.key); });
  std::erase_if(application.volumes, [&](const Volume& one) { return !volumes.contains(one.key); });
  std::erase_if(application.secrets, [&](const FileSource& one) { return !files.contains(one.key); });
  std::erase_if(application.configs, [&](const FileSource& one) { return !files.contains(one.key); });
}

}  // namespace

void complete_and_check(Application& application, const Places& places, Diagnostics& diagnostics) {
  join_default(application);
  for (const Service& service : application.services) {
    check_names(application, service, places.services.at(service.name), diagnostics);
  }
  for (const FileSource& config : application.configs) {
    if (has_key(application.secrets, config.key)) {
      diagnostics.error(places.file, "a secret and a config have the same name", config.key, "rename one of them");
    }
  }
  check_circles(application, places, diagnostics);
  mark_completing(application, places, diagnostics);
  check_ports(application, places, diagnostics);
  check_gate(application, places, diagnostics);
  check_programs(application, places, diagnostics);
  check_routes(application, places, diagnostics);
  drop_unused(application);
}

}  // namespace slipway::rollouts
