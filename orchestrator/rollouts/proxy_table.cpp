#include "orchestrator/rollouts/proxy_table.hpp"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::string_view any_host = "*";

std::vector<std::string> hosts_of(const Route& route) {
  return route.hosts.empty() ? std::vector<std::string>{std::string(any_host)} : route.hosts;
}

template <class List>
auto* find_service(List& services, const std::string& name) {
  const auto found =
      std::find_if(services.begin(), services.end(), [&](const ProxyService& one) { return one.service == name; });
  return found == services.end() ? nullptr : &*found;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Whether requests could be for both: the same name, or one within "*.the other". "Any host" is what is left of all
/// names, so it meets no other.
bool meet(const std::string& a, const std::string& b) {
  const auto within = [](const std::string& name, const std::string& all) {
    return all.size() > 1 && all.front() == '*' && name != any_host && name.ends_with(std::string_view(all).substr(1));
  };
  return a == b || within(a, b) || within(b, a);
}

/// A server keeps its name for as long as it is there, and a new one takes none that another still has.
void name_servers(ProxyService& service, const ProxyService& before) {
  const auto taken = [&](const std::string& name) {
    return std::any_of(before.servers.begin(), before.servers.end(),
                       [&](const ProxyServer& one) { return name_in_proxy(one) == name; });
  };
  for (ProxyServer& server : service.servers) {
    const auto there = std::find_if(before.servers.begin(), before.servers.end(),
                                    [&](const ProxyServer& one) { return one.container == server.container; });
    if (there != before.servers.end()) {
      server.known_as = there->known_as;
      continue;
    }
    for (int i = 2; taken(name_in_proxy(server)); ++i) server.known_as = server.container + "." + std::to_string(i);
  }
}

/// What of an earlier state stays beside `service`, at the port and with the time to drain that it has.
void keep_servers(ProxyService& service, const ProxyService& before, const std::vector<std::string>& running) {
  for (const ProxyServer& server : before.servers) {
    const bool again = std::any_of(service.servers.begin(), service.servers.end(),
                                   [&](const ProxyServer& one) { return one.container == server.container; });
    if (again || !has(running, server.container)) continue;
    service.servers.push_back(server);
    service.servers.back().port = port_of(before, server);
    service.servers.back().drain = longer(server.drain, drain_time(before.route));
  }
}

/// The first `fresh` servers of the service together get `percent` of its requests, the others that get any the rest.
void weigh(ProxyService& service, std::size_t fresh, unsigned percent) {
  constexpr double most = 256;
  std::size_t others = 0;
  for (std::size_t i = fresh; i < service.servers.size(); ++i) others += service.servers[i].draining ? 0 : 1;
  const bool even = percent >= 100 || others == 0 || fresh == 0;
  const double new_part = static_cast<double>(percent) * static_cast<double>(others);
  const double old_part = static_cast<double>(100 - std::min(percent, 100U)) * static_cast<double>(fresh);
  const double scale = most / std::max({new_part, old_part, 1.0});
  for (std::size_t i = 0; i < service.servers.size(); ++i) {
    const double part = std::max(1.0, (i < fresh ? new_part : old_part) * scale);
    service.servers[i].weight = even ? even_weight : static_cast<unsigned>(std::lround(part));
  }
}

Json route_json(const Route& route) {
  return {{"hosts", route.hosts},
          {"path", route.path},
          {"port", route.port},
          {"tls", route.tls},
          {"timeout_ms", route.timeout.count()},
          {"drain_ms", route.drain.count()},
          {"websocket_drain_ms", route.websocket_drain.count()}};
}

Route route_from(const Json& json) {
  Route route;
  for (const Json& host : value_at(json, "hosts")) {
    if (host.is_string()) route.hosts.push_back(host.get<std::string>());
  }
  route.path = text_at(json, "path", "/");
  route.port = static_cast<std::uint16_t>(number_at(json, "port"));
  route.tls = text_at(json, "tls");
  route.timeout = Milliseconds(number_at(json, "timeout_ms", route.timeout.count()));
  route.drain = Milliseconds(number_at(json, "drain_ms", route.drain.count()));
  route.websocket_drain = Milliseconds(number_at(json, "websocket_drain_ms", route.websocket_drain.count()));
  return route;
}

ProxyServer server_from(const Json& json) {
  ProxyServer server{text_at(json, "container"), text_at(json, "address"), std::nullopt, even_weight};
  server.weight = static_cast<unsigned>(std::clamp<std::int64_t>(number_at(json, "weight", even_weight), 1, 256));
  server.port = static_cast<std::uint16_t>(number_at(json, "port"));
  server.drain = {Milliseconds(number_at(json, "drain_ms")), Milliseconds(number_at(json, "websocket_drain_ms"))};
  server.known_as = text_at(json, "known_as");
  server.id = text_at(json, "id");
  const Json& draining = value_at(json, "draining");
  if (draining.is_number_integer()) server.draining = Time(Milliseconds(draining.get<std::int64_t>()));
  return server;
}

/// That `ours` asks for a name of `theirs`, which are another application's.
Result<void> check_route(const Route& ours, const Route& theirs, const std::string& other) {
  const auto taken = hosts_of(theirs);
  for (const std::string& host : hosts_of(ours)) {
    const auto met = std::find_if(taken.begin(), taken.end(), [&](const auto& name) { return meet(host, name); });
    if (met == taken.end()) continue;
    std::string what = host == any_host ? "what has no route of its own" : "host name " + host;
    what.append(" is routed to application ").append(other).append(" already");
    if (*met != host) what.append(", by ").append(*met);
    return fail(Error::Kind::conflict, std::move(what), "give one of the two routes another `host`");
  }
  return {};
}

}  // namespace

bool serves(const ProxyService& service) {
  return std::any_of(service.servers.begin(), service.servers.end(),
                     [](const ProxyServer& one) { return !one.draining; });
}

const std::string& name_in_proxy(const ProxyServer& server) {
  return server.known_as.empty() ? server.container : server.known_as;
}

std::uint16_t port_of(const ProxyService& service, const ProxyServer& server) {
  return server.port != 0 ? server.port : service.route.port;
}

Result<void> ProxyTable::may_route(const std::string& application, const std::vector<Route>& routes) const {
  for (const auto& [other, theirs] : applications_) {
    if (other == application) continue;
    for (const ProxyService& service : theirs) {
      for (const Route& ours : routes) {
        if (auto free = check_route(ours, service.route, other); !free) return free;
      }
    }
  }
  return {};
}

Result<void> ProxyTable::attach(const std::string& application, const Services& services,
                                const std::vector<std::string>& running, unsigned percent) {
  std::vector<Route> routes;
  for (const ProxyService& service : services) routes.push_back(service.route);
  if (auto ours = may_route(application, routes); !ours) return ours;
  Services after = services;
  for (const ProxyService& before : services_of(application)) {
    if (ProxyService* same = find_service(after, before.service)) {
      const std::size_t fresh = same->servers.size();
      name_servers(*same, before);
      keep_servers(*same, before, running);
      weigh(*same, fresh, percent);
      continue;
    }
    ProxyService leaving{before.service, before.route, {}};
    keep_servers(leaving, before, running);
    if (serves(leaving)) after.push_back(std::move(leaving));
  }
  if (after.empty()) {
    applications_.erase(application);
  } else {
    applications_[application] = std::move(after);
  }
  return {};
}

void ProxyTable::detach(const std::string& application, const std::vector<std::string>& containers, Time now) {
  const auto found = applications_.find(application);
  if (found == applications_.end()) return;
  for (ProxyService& service : found->second) {
    for (ProxyServer& server : service.servers) {
      if (has(containers, server.container) && !server.draining) server.draining = now;
    }
  }
}

void ProxyTable::rename(const std::string& application, const std::string& container, const std::string& name) {
  const auto found = applications_.find(application);
  if (found == applications_.end()) return;
  for (ProxyService& service : found->second) {
    for (ProxyServer& server : service.servers) {
      if (server.container != container) continue;
      server.known_as = name_in_proxy(server);
      server.container = name;
    }
  }
}

void ProxyTable::forget(const std::string& application, const std::vector<std::string>& routed,
                        const std::vector<std::string>& running) {
  const auto found = applications_.find(application);
  if (found == applications_.end()) return;
  std::erase_if(found->second, [&](const ProxyService& service) {
    return !has(routed, service.service) &&
           std::none_of(service.servers.begin(), service.servers.end(),
                        [&](const ProxyServer& server) { return has(running, server.container); });
  });
  if (found->second.empty()) applications_.erase(found);
}

void ProxyTable::follow_names(const std::string& application, const std::map<std::string, std::string>& ids) {
  const auto found = applications_.find(application);
  if (found == applications_.end()) return;
  for (ProxyService& service : found->second) {
    for (ProxyServer& server : service.servers) {
      const auto same = std::find_if(ids.begin(), ids.end(), [&](const auto& one) { return one.second == server.id; });
      const auto named = ids.find(server.container);
      if (same != ids.end() && same->first != server.container) {
        server.known_as = name_in_proxy(server);
        server.container = same->first;
      } else if (named != ids.end()) {
        server.id = named->second;
      }
    }
  }
}

void ProxyTable::follow(const std::string& application, const std::map<std::string, std::string>& addresses) {
  const auto found = applications_.find(application);
  if (found == applications_.end()) return;
  for (ProxyService& service : found->second) {
    for (ProxyServer& server : service.servers) {
      const auto now = addresses.find(server.container);
      if (now != addresses.end() && !now->second.empty()) server.address = now->second;
    }
  }
}

const ProxyTable::Services& ProxyTable::services_of(const std::string& application) const {
  static const Services none;
  const auto found = applications_.find(application);
  return found == applications_.end() ? none : found->second;
}

std::vector<std::string> ProxyTable::names_in_proxy(const std::string& application,
                                                    const std::vector<std::string>& containers) const {
  std::vector<std::string> names;
  for (const ProxyService& service : services_of(application)) {
    for (const ProxyServer& server : service.servers) {
      if (has(containers, server.container)) names.push_back(name_in_proxy(server));
    }
  }
  return names;
}

std::optional<Time> ProxyTable::draining_since(const std::string& application,
                                               const std::vector<std::string>& containers) const {
  std::optional<Time> since;
  for (const ProxyService& service : services_of(application)) {
    for (const ProxyServer& server : service.servers) {
      if (!server.draining || !has(containers, server.container)) continue;
      since = since ? std::min(*since, *server.draining) : *server.draining;
    }
  }
  return since;
}

DrainTime ProxyTable::drain_time(const std::string& application, const std::vector<std::string>& containers) const {
  DrainTime longest;
  for (const ProxyService& service : services_of(application)) {
    for (const ProxyServer& server : service.servers) {
      if (!has(containers, server.container)) continue;
      longest = longer(longest, longer(server.drain, rollouts::drain_time(service.route)));
    }
  }
  return longest;
}

std::string ProxyTable::dump() const {
  Json all = Json::object();
  for (const auto& [application, services] : applications_) {
    Json list = Json::array();
    for (const ProxyService& service : services) {
      Json servers = Json::array();
      for (const ProxyServer& server : service.servers) {
        const Json draining = server.draining ? Json(server.draining->time_since_epoch().count()) : Json();
        servers.push_back({{"container", server.container},
                           {"address", server.address},
                           {"draining", draining},
                           {"weight", server.weight},
                           {"port", server.port},
                           {"known_as", server.known_as},
                           {"id", server.id},
                           {"drain_ms", server.drain.requests.count()},
                           {"websocket_drain_ms", server.drain.tunnels.count()}});
      }
      list.push_back({{"service", service.service}, {"route", route_json(service.route)}, {"servers", servers}});
    }
    all[application] = std::move(list);
  }
  return dump_json({{"version", 1}, {"applications", all}});
}

Result<ProxyTable> ProxyTable::parse(std::string_view text) {
  auto json = parse_json(text);
  if (!json) return fail(json.error().in("read a proxy's table"));
  if (number_at(*json, "version") != 1) return fail(Error::Kind::protocol, "a proxy's table is of an unknown version");
  ProxyTable table;
  const Json& applications = value_at(*json, "applications");
  if (!applications.is_object()) return table;
  for (const auto& [application, services] : applications.items()) {
    for (const Json& row : services) {
      ProxyService service{text_at(row, "service"), route_from(value_at(row, "route")), {}};
      for (const Json& server : value_at(row, "servers")) service.servers.push_back(server_from(server));
      table.applications_[application].push_back(std::move(service));
    }
  }
  return table;
}

}  // namespace slipway::rollouts
