#include "orchestrator/rollouts/caddy/caddy_traffic.hpp"

#include <algorithm>

#include "orchestrator/rollouts/caddy/routes.hpp"
#include "orchestrator/rollouts/routed_containers.hpp"

namespace slipway::rollouts::caddy {
namespace {

constexpr int most_tries = 10;
constexpr Milliseconds look_again{50};
constexpr std::string_view socket_scheme = "unix://";

HttpRequest request_to(const CaddySettings& caddy, std::string method, const std::string& path) {
  const bool by_socket = caddy.admin.starts_with(socket_scheme);
  HttpRequest request(std::move(method), (by_socket ? "http://localhost" : caddy.admin) + path);
  if (by_socket) request.unix_socket = caddy.admin.substr(socket_scheme.size());
  request.ca_file = caddy.ca;
  request.client_certificate = caddy.certificate;
  request.client_key = caddy.key;
  request.follow_redirects = false;
  request.timeout = std::chrono::seconds(15);
  return request;
}

std::string routes_path(const CaddySettings& caddy) {
  return "/config/apps/http/servers/" + percent_encode(caddy.server) + "/routes";
}

/// Caddy's errors are {"error": "…"}; the beginning of it will do.
Error refused(const HttpResponse& answer, const std::string& what) {
  Error::Kind kind = Error::Kind::failed;
  if (answer.status == 401 || answer.status == 403) kind = Error::Kind::unauthorized;
  if (answer.status >= 500) kind = Error::Kind::unavailable;
  return {kind, what + ": Caddy answered " + std::to_string(answer.status) + " " + answer.body.substr(0, 300)};
}

}  // namespace

/// Caddy's admin API is out of reach for a moment whenever its configuration changes, so it is asked again.
awaitable<Result<HttpResponse>> CaddyTraffic::get(std::string host, std::string path) {
  for (int tries = 1;; ++tries) {
    HttpRequest request = request_to(caddies_.at(host), "GET", path);
    auto answer = co_await send_http(pool_, std::move(request));
    if (answer) co_return std::move(*answer);
    if (answer.error().kind != Error::Kind::unavailable || tries == most_tries) {
      co_return fail(Error(answer.error()).in("Caddy on " + host));
    }
    co_await sleep_for(look_again);
  }
}

awaitable<Result<CaddyTraffic::Found>> CaddyTraffic::look(std::string host) {
  const CaddySettings& caddy = caddies_.at(host);
  // A server without routes answers `null`, one that is not there that the way to it is none.
  const auto answer = co_await get(host, routes_path(caddy));
  if (!answer) co_return fail(answer.error());
  if (answer->status == 400 || answer->status == 404) {
    co_return fail(Error::Kind::not_found, "Caddy on " + host + " has no HTTP server '" + caddy.server + "'",
                   "name one of its servers with `server`");
  }
  if (!answer->ok()) co_return fail(refused(*answer, "read the routes of Caddy on " + host));
  Found found;
  found.routes = answer->body;
  found.etag = answer->header("etag");
  auto table = table_in(found.routes, fleet_);
  if (!table) co_return fail(table.error().in("on " + host));
  found.table = std::move(*table);
  co_return found;
}

awaitable<Result<bool>> CaddyTraffic::write(std::string host, Found before, ProxyTable after) {
  const CaddySettings& caddy = caddies_.at(host);
  auto routes = with_table(before.routes, after, fleet_);
  if (!routes) co_return fail(routes.error());
  // PATCH replaces what is there, PUT makes what is not.
  const bool made = before.routes.starts_with("null");
  HttpRequest request = request_to(caddy, made ? "PUT" : "PATCH", routes_path(caddy));
  request.headers = {{"Content-Type", "application/json"}};
  if (!made && !before.etag.empty()) request.headers.emplace_back("If-Match", before.etag);
  request.body = std::move(*routes);
  const auto answer = co_await send_http(pool_, std::move(request));
  // Whether it was taken is not known: a look will tell.
  if (!answer && answer.error().transient()) co_return false;
  if (!answer) co_return fail(Error(answer.error()).in("Caddy on " + host));
  if (answer->status == 412) co_return false;
  if (!answer->ok()) co_return fail(refused(*answer, "change the routes of Caddy on " + host));
  co_return true;
}

awaitable<Result<void>> CaddyTraffic::change(std::string host, Change how) {
  for (int i = 0; i < most_tries; ++i) {
    auto found = co_await look(host);
    if (!found) co_return fail(found.error());
    ProxyTable after = found->table;
    const Result<void> made = how(after);
    if (!made) co_return fail(made.error());
    if (after == found->table) co_return Result<void>();
    auto writing = write(host, std::move(*found), std::move(after));
    const auto written = co_await std::move(writing);
    if (!written) co_return fail(written.error());
    if (*written) co_return Result<void>();
    co_await sleep_for(look_again);
  }
  co_return fail(Error::Kind::unavailable, "Caddy on " + host + " did not take its routes in " +
                                               std::to_string(most_tries) + " tries: others change them as well");
}

Result<void> CaddyTraffic::check(const std::string&, const Route& route) const {
  if (route.tls.empty()) return {};
  return fail(Error::Kind::invalid, "Caddy has certificates of its own, so `tls` is not for its routes",
              "leave out `tls`: Caddy serves what its server is set up for");
}

awaitable<Result<void>> CaddyTraffic::attach(Place place, std::vector<Backend> backends, unsigned percent) {
  const bool routed = std::any_of(backends.begin(), backends.end(), [](const Backend& one) { return !!one.route; });
  if (!routed) {
    const auto found = co_await look(place.host);
    if (!found) co_return fail(found.error());
    if (found->table.services_of(place.application).empty()) co_return Result<void>();
  }
  auto engine = hosts_.engine(place.host);
  if (!engine) co_return fail(engine.error());
  auto running = co_await running_of(*engine, place.application);
  if (!running) co_return fail(running.error());
  auto services = services_from(backends, *running);
  if (!services) co_return fail(services.error());
  Change how = [&](ProxyTable& table) {
    table.follow_names(place.application, running->ids);
    return table.attach(place.application, *services, running->names(), percent);
  };
  auto changing = change(place.host, std::move(how));
  co_return co_await std::move(changing);
}

awaitable<Result<void>> CaddyTraffic::may_route(Place place, std::vector<Route> routes) {
  const auto found = co_await look(place.host);
  if (!found) co_return fail(found.error());
  co_return found->table.may_route(place.application, routes);
}

awaitable<Result<void>> CaddyTraffic::detach(Place place, std::vector<std::string> containers) {
  auto engine = hosts_.engine(place.host);
  if (!engine) co_return fail(engine.error());
  auto running = co_await running_of(*engine, place.application);
  if (!running) co_return fail(running.error());
  const Time now = clock_.now();
  Change how = [&](ProxyTable& table) {
    table.follow_names(place.application, running->ids);
    table.detach(place.application, containers, now);
    return Result<void>();
  };
  auto changing = change(place.host, std::move(how));
  co_return co_await std::move(changing);
}

awaitable<Result<void>> CaddyTraffic::rename(Place place, std::string container, std::string name) {
  Change how = [&](ProxyTable& table) {
    table.rename(place.application, container, name);
    return Result<void>();
  };
  auto changing = change(place.host, std::move(how));
  co_return co_await std::move(changing);
}

awaitable<Result<void>> CaddyTraffic::forget(Place place, std::vector<std::string> routed) {
  const auto found = co_await look(place.host);
  if (!found) co_return fail(found.error());
  ProxyTable least = found->table;
  least.forget(place.application, routed, {});
  if (least == found->table) co_return Result<void>();
  auto engine = hosts_.engine(place.host);
  if (!engine) co_return fail(engine.error());
  auto running = co_await running_of(*engine, place.application);
  if (!running) co_return fail(running.error());
  Change how = [&](ProxyTable& table) {
    table.follow_names(place.application, running->ids);
    table.forget(place.application, routed, running->names());
    return Result<void>();
  };
  auto changing = change(place.host, std::move(how));
  co_return co_await std::move(changing);
}

awaitable<Result<void>> CaddyTraffic::mend(Place place, std::vector<Backend> backends) {
  auto engine = hosts_.engine(place.host);
  if (!engine) co_return fail(engine.error());
  auto running = co_await running_of(*engine, place.application);
  if (!running) co_return fail(running.error());
  Change how = [&](ProxyTable& table) -> Result<void> {
    if (table.services_of(place.application).empty()) {
      const auto services = services_from(backends, *running);
      if (!services) return fail(services.error());
      if (auto done = table.attach(place.application, *services, {}); !done) return done;
    }
    table.follow_names(place.application, running->ids);
    table.follow(place.application, running->addresses);
    return {};
  };
  auto changing = change(place.host, std::move(how));
  co_return co_await std::move(changing);
}

awaitable<Result<InFlight>> CaddyTraffic::in_flight(Place place, std::vector<std::string> containers) {
  const auto found = co_await look(place.host);
  if (!found) co_return fail(found.error());
  InFlight sum;
  const auto since = found->table.draining_since(place.application, containers);
  if (!since) co_return sum;
  sum.waited = clock_.now() - *since;
  sum.limit = found->table.drain_time(place.application, containers);
  std::vector<std::string> addresses;
  for (const ProxyService& service : found->table.services_of(place.application)) {
    for (const ProxyServer& server : service.servers) {
      if (std::find(containers.begin(), containers.end(), server.container) == containers.end()) continue;
      addresses.push_back(server.address + ":" + std::to_string(port_of(service, server)));
    }
  }
  const auto answer = co_await get(place.host, "/reverse_proxy/upstreams");
  if (!answer) co_return fail(answer.error());
  if (!answer->ok()) co_return fail(refused(*answer, "count the requests of Caddy on " + place.host));
  const auto requests = requests_at(answer->body, addresses);
  if (!requests) co_return fail(requests.error());
  sum.requests = *requests;
  co_return sum;
}

std::optional<PublicRoute> CaddyTraffic::public_route(const Place& place, const Route& route) const {
  const CaddySettings& caddy = caddies_.at(place.host);
  return public_route_at(hosts_.address_of(place.host), caddy.port, caddy.tls, route);
}

}  // namespace slipway::rollouts::caddy
