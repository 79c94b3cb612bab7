#include "orchestrator/rollouts/caddy/routes.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/rollouts/proxy_rules.hpp"

namespace slipway::rollouts::caddy {
namespace {

constexpr std::string_view any_fleet = "slipway-";

std::string id_of(const std::string& fleet) {
  return std::string(any_fleet) + fleet;
}

/// Ours, and the one of them that carries the table.
bool is_ours(const Json& route, const std::string& fleet) {
  const std::string id = text_at(route, "@id");
  return id == id_of(fleet) || id.starts_with(id_of(fleet) + ":");
}

/// Without a server of its own a new configuration has `null`.
Result<Json> routes_from(std::string_view text) {
  auto routes = parse_json(text);
  if (!routes) return fail(routes.error().in("Caddy's routes"));
  if (routes->is_null()) return Json(Json::array());
  if (!routes->is_array()) return fail(Error::Kind::protocol, "Caddy's routes are no list");
  return routes;
}

std::string text_of(Milliseconds time) {
  return std::to_string(std::max<std::int64_t>(1, time.count())) + "ms";
}

std::string address_of(const ProxyServer& server, const ProxyService& service) {
  return server.address + ":" + std::to_string(port_of(service, server));
}

Json nothing() {
  return Json::array({{{"not", Json::array({Json::object()})}}});
}

/// A request goes out once, on a connection of its own, so none can meet one that the container is just closing. Only
/// what could not be connected is tried again, with another container.
Json reverse_proxy(const Json& upstreams, Milliseconds timeout) {
  return {{"handler", "reverse_proxy"},
          {"upstreams", upstreams},
          {"load_balancing",
           {{"selection_policy", {{"policy", "round_robin"}}},
            {"try_duration", "2s"},
            {"try_interval", "50ms"},
            {"retry_match", nothing()}}},
          {"transport",
           {{"protocol", "http"},
            {"dial_timeout", "2s"},
            {"response_header_timeout", text_of(timeout)},
            {"keep_alive", {{"enabled", false}}}}}};
}

Json route_for(const ProxyRule& rule, const ProxyService& service, const std::string& id) {
  Json match = Json::object();
  if (!rule.host.empty()) match["host"] = Json::array({rule.host});
  if (rule.path != "/") match["path"] = Json::array({rule.path, rule.path + "/*"});
  Json upstreams = Json::array();
  for (const ProxyServer& server : service.servers) {
    if (!server.draining) upstreams.push_back({{"dial", address_of(server, service)}});
  }
  Json route = {{"@id", id}, {"handle", Json::array({reverse_proxy(upstreams, service.route.timeout)})}};
  if (!match.empty()) route["match"] = Json::array({match});
  route["terminal"] = true;
  return route;
}

/// Names of applications, for paths that are none of theirs.
Json closing(const std::vector<std::string>& hosts, const std::string& fleet) {
  return {{"@id", id_of(fleet) + ":closed"},
          {"match", Json::array({{{"host", hosts}}})},
          {"handle", Json::array({{{"handler", "static_response"}, {"status_code", 404}, {"body", "no route"}}})},
          {"terminal", true}};
}

Json keeper(const ProxyTable& table, const std::string& fleet) {
  Json draining = Json::array();
  for (const auto& [application, services] : table.applications()) {
    for (const ProxyService& service : services) {
      for (const ProxyServer& server : service.servers) {
        if (server.draining) draining.push_back({{"dial", address_of(server, service)}});
      }
    }
  }
  Json handlers = Json::array();
  if (!draining.empty()) handlers.push_back(reverse_proxy(draining, Milliseconds(1000)));
  handlers.push_back({{"handler", "static_response"}, {"body", table.dump()}});
  return {{"@id", id_of(fleet)}, {"match", nothing()}, {"handle", handlers}, {"terminal", true}};
}

const ProxyService* service_of(const ProxyTable& table, const ProxyRule& rule) {
  for (const ProxyService& one : table.services_of(rule.application)) {
    if (one.service == rule.service) return &one;
  }
  return nullptr;
}

}  // namespace

Result<ProxyTable> table_in(std::string_view text, const std::string& fleet) {
  const auto routes = routes_from(text);
  if (!routes) return fail(routes.error());
  for (const Json& route : *routes) {
    const std::string id = text_at(route, "@id");
    if (!id.starts_with(any_fleet)) continue;
    if (!is_ours(route, fleet)) {
      return fail(Error::Kind::conflict, "Caddy has routes of another slipway installation, \"@id\": \"" + id + "\"",
                  "remove them, or let only one installation route requests there");
    }
    if (id != id_of(fleet)) continue;
    for (const Json& handler : value_at(route, "handle")) {
      if (text_at(handler, "handler") == "static_response") return ProxyTable::parse(text_at(handler, "body"));
    }
  }
  return ProxyTable();
}

Result<std::string> with_table(std::string_view text, const ProxyTable& table, const std::string& fleet) {
  const auto routes = routes_from(text);
  if (!routes) return fail(routes.error());
  Json named = Json::array();
  Json unnamed = Json::array();
  std::size_t number = 0;
  const std::vector<ProxyRule> rules = rules_of(table);
  for (const ProxyRule& rule : rules) {
    const ProxyService* service = service_of(table, rule);
    if (!service) continue;
    const std::string id = id_of(fleet) + ":" + rule.application + ":" + rule.service + ":" + std::to_string(++number);
    (rule.host.empty() ? unnamed : named).push_back(route_for(rule, *service, id));
  }
  Json all = std::move(named);
  for (const Json& route : *routes) {
    if (!is_ours(route, fleet)) all.push_back(route);
  }
  if (const auto closed = closed_hosts(rules); !closed.empty()) all.push_back(closing(closed, fleet));
  for (Json& route : unnamed) all.push_back(std::move(route));
  if (!table.applications().empty()) all.push_back(keeper(table, fleet));
  return dump_json(all);
}

Result<std::size_t> requests_at(std::string_view upstreams, const std::vector<std::string>& addresses) {
  const auto listed = parse_json(upstreams);
  if (!listed) return fail(listed.error().in("Caddy's upstreams"));
  std::size_t sum = 0;
  for (const Json& one : *listed) {
    const std::string address = text_at(one, "address");
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) continue;
    sum += static_cast<std::size_t>(std::max<std::int64_t>(0, number_at(one, "num_requests")));
  }
  return sum;
}

}  // namespace slipway::rollouts::caddy
