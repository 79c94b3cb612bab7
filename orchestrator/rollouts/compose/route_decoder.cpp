#include <algorithm>

#include "orchestrator/rollouts/compose/service_parts.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::size_t most_route_hosts = 32;
constexpr std::size_t longest_path = 256;
constexpr Milliseconds shortest_wait{100};
constexpr Milliseconds longest_drain{std::chrono::hours(24)};

bool is_lower_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_host_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), [](char c) { return is_lower_alphanumeric(c) || c == '-'; });
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

void decode_hosts(MapReader& map, Route& route, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("host");
  if (node == nullptr) return;
  for (const Placed& one : pipelines::read_texts(*node, "`host`", most_route_hosts, diagnostics)) {
    std::string host = lower(one.text);
    if (!is_route_host(host)) {
      diagnostics.error(one.at, "that is no host name", one.text, "write shop.example.org, or \"*.example.org\"");
    } else if (std::find(route.hosts.begin(), route.hosts.end(), host) == route.hosts.end()) {
      route.hosts.push_back(std::move(host));
    }
  }
}

void decode_path(MapReader& map, Route& route, Diagnostics& diagnostics) {
  take_text(map, "path", route.path, diagnostics);
  if (route.path.size() > 1 && route.path.ends_with('/')) route.path.pop_back();
  if (is_route_path(route.path)) return;
  diagnostics.error(map.at("path"), "`path` begins with '/' and is made of letters, digits and /._~-", route.path,
                    "a route takes the path and all that is below it");
}

/// The port may be left out where the service has only one.
void decode_port(MapReader& map, const Service& service, Route& route, Diagnostics& diagnostics) {
  if (const YamlNode* port = map.find("port")) {
    const auto number = pipelines::read_integer(*port, "`port`", 1, 65535, diagnostics);
    route.port = static_cast<std::uint16_t>(number.value_or(0));
    return;
  }
  std::vector<std::uint16_t> ports;
  for (const PortMapping& one : service.ports) {
    if (one.protocol == "tcp") ports.push_back(one.target);
  }
  for (const std::string& one : service.expose) {
    if (one.ends_with("/tcp")) ports.push_back(parse_port(one.substr(0, one.find('/'))).value_or(0));
  }
  std::sort(ports.begin(), ports.end());
  ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
  if (ports.size() == 1) {
    route.port = ports.front();
  } else {
    diagnostics.error(map.at(), "a route needs the container's `port`", {}, "add port: 8080");
  }
}

bool has_text(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

void decode_certificate(MapReader& map, const ComposeRules& rules, Route& route, Diagnostics& diagnostics) {
  take_text(map, "tls", route.tls, diagnostics);
  if (route.tls.empty()) return;
  if (!is_plain_name(route.tls)) {
    diagnostics.error(map.at("tls"), "`tls` is the name of a certificate in the daemon's settings", route.tls);
    return;
  }
  if (route.hosts.empty()) {
    diagnostics.error(map.at("tls"), "a route with `tls` needs a `host`", route.tls);
  }
  if (!rules.certificates) return;
  const auto& known = *rules.certificates;
  const auto limited = rules.certificate_projects.find(route.tls);
  if (!has_text(known, route.tls)) {
    const std::vector<std::string_view> names(known.begin(), known.end());
    diagnostics.error(map.at("tls"), "the daemon's settings have no such certificate", route.tls,
                      pipelines::suggest(route.tls, names));
  } else if (limited != rules.certificate_projects.end() && !has_text(limited->second, rules.project)) {
    diagnostics.error(map.at("tls"), "this certificate is for other projects", route.tls,
                      "the daemon's settings say which: proxy.certificates." + route.tls + ".projects");
  }
}

void take_time(MapReader& map, std::string_view key, Milliseconds min, Milliseconds& into, Diagnostics& diagnostics) {
  std::optional<Milliseconds> time;
  take_duration(map, key, time, diagnostics);
  if (!time) return;
  if (*time < min || *time > longest_drain) {
    diagnostics.error(map.at(key), "`" + std::string(key) + "` is from " + pipelines::format_duration(min) + " to " +
                                       pipelines::format_duration(longest_drain));
  }
  into = *time;
}

Route decode_route(const YamlNode& node, const ComposeRules& rules, const Service& service, Diagnostics& diagnostics) {
  Route route;
  MapReader map(node, "`route`", diagnostics);
  if (const YamlNode* proxy = map.find("proxy")) {
    pipelines::read_choice(*proxy, "`proxy`", {"haproxy"}, diagnostics);
  }
  decode_hosts(map, route, diagnostics);
  decode_path(map, route, diagnostics);
  decode_port(map, service, route, diagnostics);
  decode_certificate(map, rules, route, diagnostics);
  take_time(map, "timeout", shortest_wait, route.timeout, diagnostics);
  take_time(map, "drain", Milliseconds(0), route.drain, diagnostics);
  take_time(map, "websocket_drain", Milliseconds(0), route.websocket_drain, diagnostics);
  map.finish();
  if (service.no_network) {
    diagnostics.error(node.at, "a service with `network_mode: none` can't have a route", service.name);
  }
  return route;
}

}  // namespace

bool is_route_host(std::string_view text) {
  if (text.size() > 253) return false;
  if (text.starts_with("*.")) text.remove_prefix(2);
  const auto labels = split(text, '.');
  return std::all_of(labels.begin(), labels.end(), is_host_label);
}

bool is_route_path(std::string_view text) {
  if (text.size() > longest_path || !text.starts_with('/')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_lower_alphanumeric(c) || (c >= 'A' && c <= 'Z') || std::string_view("/._~-").find(c) != std::string::npos;
  });
}

void decode_service_extension(MapReader& map, const ComposeRules& rules, Service& service, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("x-slipway");
  if (node == nullptr) return;
  MapReader extension(*node, "the service's `x-slipway`", diagnostics);
  if (const YamlNode* route = extension.find("route")) {
    service.route = decode_route(*route, rules, service, diagnostics);
  }
  if (const YamlNode* volumes = extension.find("anonymous_volumes")) {
    const auto choice = pipelines::read_choice(*volumes, "`anonymous_volumes`", {"carry", "renew"}, diagnostics);
    service.renew_volumes = choice == 1U;
  }
  extension.finish();
}

}  // namespace slipway::rollouts
