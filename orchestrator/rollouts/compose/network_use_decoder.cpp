#include "orchestrator/rollouts/compose/ports.hpp"
#include "orchestrator/rollouts/compose/service_parts.hpp"

namespace slipway::rollouts {
namespace {

void decode_networks(MapReader& map, Service& service, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("networks");
  if (node == nullptr) return;
  if (!node->is_map()) {
    for (Placed& one : pipelines::read_texts(*node, "`networks`", 20, diagnostics)) {
      NetworkUse use;
      use.network = std::move(one.text);
      service.networks.push_back(std::move(use));
    }
    return;
  }
  each_named(*node, "`networks`", diagnostics, [&](const std::string& name, const YamlNode& value, Position) {
    NetworkUse use;
    use.network = name;
    if (!value.is_null()) {
      MapReader entry(value, "an entry of `networks`", diagnostics);
      take_texts(entry, "aliases", use.aliases, diagnostics);
      take_text(entry, "ipv4_address", use.ipv4_address, diagnostics);
      take_text(entry, "ipv6_address", use.ipv6_address, diagnostics);
      for (const char* key : {"priority", "gw_priority", "mac_address", "link_local_ips", "driver_opts"}) {
        entry.later(key);
      }
      entry.finish();
    }
    if (!use.ipv4_address.empty() || !use.ipv6_address.empty()) {
      diagnostics.error(value.at, "a fixed address can't be held by the old and the new container at the same time",
                        name, "leave it out: services reach each other by name");
    }
    service.networks.push_back(std::move(use));
  });
}

void decode_mode(MapReader& map, Service& service, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("network_mode");
  if (node == nullptr) return;
  if (node->text == "none") {
    service.no_network = true;
    return;
  }
  diagnostics.error(node->at, "of network_mode only `none` is allowed: anything else shares somebody's network",
                    node->text, "use `networks` and `ports`");
}

void decode_extra_hosts(MapReader& map, Service& service, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("extra_hosts");
  if (node == nullptr) return;
  if (node->is_map()) {
    for (const auto& pair : pipelines::read_text_map(*node, "`extra_hosts`", 100, diagnostics)) {
      service.extra_hosts.push_back(pair.key.text + ":" + pair.value.text);
    }
    return;
  }
  for (Placed& one : pipelines::read_texts(*node, "`extra_hosts`", 100, diagnostics)) {
    const auto at = one.text.find_first_of("=:");
    if (at == std::string::npos || at == 0 || at + 1 == one.text.size()) {
      diagnostics.error(one.at, "an extra host is a name and an address", one.text, "write \"name:192.0.2.1\"");
      continue;
    }
    one.text[at] = ':';
    service.extra_hosts.push_back(std::move(one.text));
  }
}

void decode_expose(MapReader& map, Service& service, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("expose");
  if (node == nullptr) return;
  for (Placed& one : pipelines::read_texts(*node, "`expose`", 100, diagnostics)) {
    const auto slash = one.text.find('/');
    if (!parse_port(std::string_view(one.text).substr(0, slash))) {
      diagnostics.error(one.at, "that is no port", one.text, "write \"8080\" or \"8080/udp\"");
      continue;
    }
    service.expose.push_back(slash == std::string::npos ? one.text + "/tcp" : one.text);
  }
}

}  // namespace

void decode_network_use(MapReader& map, Service& service, Diagnostics& diagnostics) {
  if (const YamlNode* ports = map.find("ports")) {
    if (ports->is_list()) {
      for (const YamlNode& item : ports->items) read_port(item, service.ports, diagnostics);
    } else {
      diagnostics.error(ports->at, "`ports` must be a list", ports->text, "write [\"8080:80\"]");
    }
  }
  decode_expose(map, service, diagnostics);
  decode_networks(map, service, diagnostics);
  decode_mode(map, service, diagnostics);
  if (service.no_network && (!service.networks.empty() || !service.ports.empty())) {
    diagnostics.error(map.at("network_mode"), "`network_mode: none` leaves nothing for `networks` and `ports`");
  }
  take_texts(map, "dns", service.dns, diagnostics);
  take_texts(map, "dns_search", service.dns_search, diagnostics);
  take_texts(map, "dns_opt", service.dns_options, diagnostics);
  decode_extra_hosts(map, service, diagnostics);
}

}  // namespace slipway::rollouts
