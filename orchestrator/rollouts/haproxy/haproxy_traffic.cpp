#include "orchestrator/rollouts/haproxy/haproxy_traffic.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "orchestrator/rollouts/labels.hpp"

namespace slipway::rollouts::haproxy {
namespace {

constexpr Milliseconds reload_limit{15'000};
constexpr Milliseconds look_again{20};
constexpr std::size_t largest_pem = 1 << 20;

/// What is running of an application on a host, name → address.
awaitable<Result<std::map<std::string, std::string>>> addresses_of(docker::Engine* engine, std::string instance,
                                                                   std::string application) {
  docker::ListContainers what;
  what.all = false;
  what.filters.label(std::string(label::instance), instance);
  what.filters.label(std::string(label::application), application);
  auto listed = co_await engine->containers().list(std::move(what));
  if (!listed) co_return fail(listed.error().in("list containers"));
  std::map<std::string, std::string> addresses;
  for (const docker::ContainerSummary& one : *listed) {
    std::string& address = addresses[one.name];
    for (const auto& [network, endpoint] : one.networks) {
      if (address.empty()) address = endpoint.ipv4;
    }
  }
  co_return addresses;
}

Result<ProxyTable::Services> services_from(const std::vector<Backend>& backends,
                                           const std::map<std::string, std::string>& addresses) {
  ProxyTable::Services services;
  for (const Backend& backend : backends) {
    if (!backend.route) continue;
    const auto address = addresses.find(backend.container);
    if (address == addresses.end()) return fail(Error::Kind::failed, "container " + backend.container + " stopped");
    if (address->second.empty()) {
      return fail(Error::Kind::failed, "container " + backend.container + " has no address that its host can reach",
                  "put it in a bridge network");
    }
    auto found = std::find_if(services.begin(), services.end(),
                              [&](const ProxyService& one) { return one.service == backend.service; });
    if (found == services.end()) found = services.insert(found, {backend.service, *backend.route, {}});
    found->servers.push_back({backend.container, address->second, std::nullopt, even_weight});
  }
  return services;
}

/// HAProxy wants certificate, chain and key in one file.
Result<std::string> pem_of(const ProxySettings& settings, const std::string& name) {
  const auto found = settings.certificates.find(name);
  if (found == settings.certificates.end()) {
    return fail(Error::Kind::not_found, "the settings have no certificate '" + name + "' any more",
                "add it below proxy.certificates");
  }
  auto certificate = read_file(found->second.certificate, largest_pem);
  if (!certificate) return fail(certificate.error().in("certificate '" + name + "'"));
  auto key = read_file(found->second.key, largest_pem);
  if (!key) return fail(key.error().in("key of certificate '" + name + "'"));
  return *certificate + "\n" + *key;
}

}  // namespace

HaproxyTraffic::Host& HaproxyTraffic::host_of(const std::string& name) {
  auto& host = by_host_[name];
  if (!host) host = std::make_unique<Host>();
  return *host;
}

ProxyContainers HaproxyTraffic::proxies_of(docker::Engine* engine) {
  return {*engine, registries_, settings_, instance_};
}

awaitable<Result<void>> HaproxyTraffic::attach(Place place, std::vector<Backend> backends, unsigned percent) {
  auto engine = hosts_.engine(place.host);
  if (!engine) co_return fail(engine.error());
  auto held = co_await host_of(place.host).lock.acquire();
  ProxyContainers proxies = proxies_of(*engine);
  auto before = co_await proxies.table();
  if (!before) co_return fail(before.error());
  const bool routed = std::any_of(backends.begin(), backends.end(), [](const Backend& one) { return !!one.route; });
  if (!routed && before->services_of(place.application).empty()) co_return Result<void>();
  auto addresses = co_await addresses_of(*engine, instance_, place.application);
  if (!addresses) co_return fail(addresses.error());
  auto services = services_from(backends, *addresses);
  if (!services) co_return fail(services.error());
  std::vector<std::string> running;
  for (const auto& [name, address] : *addresses) running.push_back(name);
  ProxyTable after = *before;
  if (auto done = after.attach(place.application, *services, running, percent); !done) co_return done;
  co_return co_await put_in_place(*engine, place.application, std::move(*before), std::move(after));
}

awaitable<Result<void>> HaproxyTraffic::mend(Place place, std::vector<Backend> backends) {
  auto engine = hosts_.engine(place.host);
  if (!engine) co_return fail(engine.error());
  auto held = co_await host_of(place.host).lock.acquire();
  ProxyContainers proxies = proxies_of(*engine);
  auto before = co_await proxies.table();
  if (!before) co_return fail(before.error());
  auto running = co_await proxies.list();
  if (!running) co_return fail(running.error());
  auto addresses = co_await addresses_of(*engine, instance_, place.application);
  if (!addresses) co_return fail(addresses.error());
  ProxyTable after = *before;
  if (before->services_of(place.application).empty()) {
    auto services = services_from(backends, *addresses);
    if (!services) co_return fail(services.error());
    if (auto done = after.attach(place.application, *services, {}); !done) co_return done;
  }
  after.follow(place.application, *addresses);
  if (after == *before && !running->empty()) co_return Result<void>();
  co_return co_await put_in_place(*engine, place.application, std::move(*before), std::move(after));
}

awaitable<Result<void>> HaproxyTraffic::detach(Place place, std::vector<std::string> containers) {
  auto engine = hosts_.engine(place.host);
  if (!engine) co_return fail(engine.error());
  auto held = co_await host_of(place.host).lock.acquire();
  ProxyContainers proxies = proxies_of(*engine);
  auto before = co_await proxies.table();
  if (!before) co_return fail(before.error());
  ProxyTable after = *before;
  after.detach(place.application, containers, clock_.now());
  if (!after.draining_since(place.application, containers)) co_return Result<void>();
  co_return co_await put_in_place(*engine, place.application, std::move(*before), std::move(after));
}

/// Files first: should this process die in between, what a restarted HAProxy reads is already right, and the call is
/// made again.
awaitable<Result<void>> HaproxyTraffic::put_in_place(docker::Engine* engine, std::string application, ProxyTable before,
                                                     ProxyTable after) {
  ProxyFiles files;
  std::map<std::string, std::string> hashes;
  for (const std::string& name : certificates_of(after)) {
    auto pem = pem_of(settings_, name);
    if (!pem) co_return fail(pem.error());
    hashes[name] = sha256_hex(*pem);
    files.certificates[name] = std::move(*pem);
  }
  auto config = render(after, settings_, hashes);
  if (!config) co_return fail(config.error());
  files.config = config->text;
  files.table = after.dump();
  ProxyContainers proxies = proxies_of(engine);
  auto newest = co_await proxies.apply(std::move(files));
  if (!newest) co_return fail(newest.error());
  auto reloading = reload(&proxies, *newest, config->structure);
  auto loaded = co_await with_deadline(reload_limit, std::move(reloading), "the reload of the proxy");
  if (!loaded) co_return loaded;
  co_return co_await tell_workers(&proxies, std::move(application), std::move(before), std::move(after));
}

awaitable<Result<void>> HaproxyTraffic::reload(ProxyContainers* proxies, RunningProxy newest, std::string structure) {
  for (bool told = false;;) {
    auto session = co_await proxies->speak_to(newest);
    if (!session && !told) co_return fail(session.error());
    if (session) {
      auto loaded = co_await session->structure();
      if (loaded && *loaded == structure) co_return Result<void>();
      if (!loaded && !told) co_return fail(loaded.error());
    }
    if (!std::exchange(told, true)) {
      if (auto done = co_await proxies->reload(newest); !done) co_return done;
    }
    co_await sleep_for(look_again);
  }
}

/// Also the workers of before a reload, and those of a proxy that was replaced: connections that they keep alive still
/// bring requests.
awaitable<Result<void>> HaproxyTraffic::tell_workers(ProxyContainers* proxies, std::string application,
                                                     ProxyTable before, ProxyTable after) {
  std::vector<Command> commands = commands_for(application, after.services_of(application));
  for (const ProxyService& service : before.services_of(application)) {
    const auto& now = after.services_of(application);
    const auto same =
        std::find_if(now.begin(), now.end(), [&](const ProxyService& one) { return one.service == service.service; });
    for (const ProxyServer& server : service.servers) {
      const bool kept =
          same != now.end() && std::any_of(same->servers.begin(), same->servers.end(),
                                           [&](const auto& s) { return s.container == server.container; });
      if (kept) continue;
      for (Command& one : removal_of(application, service.service, server.container))
        commands.push_back(std::move(one));
    }
  }
  auto sessions = co_await proxies->speak_to_all();
  if (!sessions) co_return fail(sessions.error());
  for (CliSession& session : *sessions) {
    if (auto told = co_await session.tell_all(commands); !told) co_return told;
  }
  co_return Result<void>();
}

std::optional<PublicRoute> HaproxyTraffic::public_route(const Place& place, const Route& route) const {
  const std::string address = hosts_.address_of(place.host);
  const std::string bracketed = address.find(':') == std::string::npos ? address : "[" + address + "]";
  std::string name = route.hosts.empty() ? bracketed : route.hosts.front();
  if (name.starts_with("*.")) name.replace(0, 1, "slipway-probe");
  const std::string port = std::to_string(route.tls.empty() ? settings_.http_port : settings_.https_port);
  const std::string scheme = route.tls.empty() ? "http://" : "https://";
  return PublicRoute{scheme + name + ":" + port + route.path, bracketed + ":" + port};
}

awaitable<Result<InFlight>> HaproxyTraffic::in_flight(Place place, std::vector<std::string> containers) {
  InFlight sum;
  auto engine = hosts_.engine(place.host);
  if (!engine) co_return fail(engine.error());
  ProxyContainers proxies = proxies_of(*engine);
  auto table = co_await proxies.table();
  if (!table) co_return fail(table.error());
  sum.since = table->draining_since(place.application, containers);
  if (!sum.since) co_return sum;
  auto sessions = co_await proxies.speak_to_all();
  if (!sessions) co_return fail(sessions.error());
  for (CliSession& session : *sessions) {
    auto workers = co_await session.workers();
    if (!workers) co_return fail(workers.error());
    for (const std::int64_t pid : workers->all()) {
      auto stat = co_await session.ask(pid, "show stat -1 4 -1");
      if (!stat) co_return fail(stat.error());
      if (stat->starts_with("Can't find the target")) continue;
      if (auto added = add_in_flight(*stat, place.application, containers, sum); !added) co_return fail(added.error());
    }
  }
  co_return sum;
}

}  // namespace slipway::rollouts::haproxy
