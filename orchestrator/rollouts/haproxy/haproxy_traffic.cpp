#include "orchestrator/rollouts/haproxy/haproxy_traffic.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "orchestrator/rollouts/routed_containers.hpp"

namespace slipway::rollouts::haproxy {
namespace {

constexpr Milliseconds reload_limit{15'000};
constexpr Milliseconds look_again{20};
constexpr std::size_t largest_pem = 1 << 20;

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

awaitable<Result<std::unique_ptr<HaproxyTraffic::Visit>>> HaproxyTraffic::visit(std::string name) {
  auto engine = hosts_.engine(name);
  if (!engine) co_return fail(engine.error());
  auto& host = by_host_[name];
  if (!host) host = std::make_unique<Host>();
  auto held = co_await host->lock.acquire();
  ProxyContainers proxies(**engine, registries_, settings_, fleet_);
  auto visit = std::make_unique<Visit>(*host, std::move(held), *engine, std::move(proxies));
  auto table = co_await visit->proxies.table();
  if (!table) co_return fail(table.error());
  visit->table = std::move(*table);
  co_return visit;
}

awaitable<Result<void>> HaproxyTraffic::attach(Place place, std::vector<Backend> backends, unsigned percent) {
  const auto at = co_await visit(place.host);
  if (!at) co_return fail(at.error());
  const ProxyTable& before = (*at)->table;
  const bool routed = std::any_of(backends.begin(), backends.end(), [](const Backend& one) { return !!one.route; });
  if (!routed && before.services_of(place.application).empty()) co_return Result<void>();
  auto running = co_await running_of((*at)->engine, place.application);
  if (!running) co_return fail(running.error());
  auto services = services_from(backends, *running);
  if (!services) co_return fail(services.error());
  ProxyTable after = before;
  after.follow_names(place.application, running->ids);
  if (auto done = after.attach(place.application, *services, running->names(), percent); !done) co_return done;
  co_return co_await put_in_place(at->get(), place.application, std::move(after));
}

awaitable<Result<void>> HaproxyTraffic::may_route(Place place, std::vector<Route> routes) {
  const auto at = co_await visit(place.host);
  if (!at) co_return fail(at.error());
  co_return (*at)->table.may_route(place.application, routes);
}

awaitable<Result<void>> HaproxyTraffic::mend(Place place, std::vector<Backend> backends) {
  const auto at = co_await visit(place.host);
  if (!at) co_return fail(at.error());
  const ProxyTable& before = (*at)->table;
  auto proxies = co_await (*at)->proxies.list();
  if (!proxies) co_return fail(proxies.error());
  auto running = co_await running_of((*at)->engine, place.application);
  if (!running) co_return fail(running.error());
  ProxyTable after = before;
  if (before.services_of(place.application).empty()) {
    auto services = services_from(backends, *running);
    if (!services) co_return fail(services.error());
    if (auto done = after.attach(place.application, *services, {}); !done) co_return done;
  }
  after.follow_names(place.application, running->ids);
  after.follow(place.application, running->addresses);
  if (after == before && !proxies->empty()) co_return Result<void>();
  co_return co_await put_in_place(at->get(), place.application, std::move(after));
}

awaitable<Result<void>> HaproxyTraffic::detach(Place place, std::vector<std::string> containers) {
  const auto at = co_await visit(place.host);
  if (!at) co_return fail(at.error());
  const ProxyTable& before = (*at)->table;
  if (before.services_of(place.application).empty()) co_return Result<void>();
  auto running = co_await running_of((*at)->engine, place.application);
  if (!running) co_return fail(running.error());
  ProxyTable after = before;
  after.follow_names(place.application, running->ids);
  after.detach(place.application, containers, clock_.now());
  if (!after.draining_since(place.application, containers)) co_return Result<void>();
  co_return co_await put_in_place(at->get(), place.application, std::move(after));
}

awaitable<Result<void>> HaproxyTraffic::rename(Place place, std::string container, std::string name) {
  const auto at = co_await visit(place.host);
  if (!at) co_return fail(at.error());
  const ProxyTable& before = (*at)->table;
  ProxyTable after = before;
  after.rename(place.application, container, name);
  if (after == before) co_return Result<void>();
  co_return co_await put_in_place(at->get(), place.application, std::move(after));
}

awaitable<Result<void>> HaproxyTraffic::forget(Place place, std::vector<std::string> routed) {
  const auto at = co_await visit(place.host);
  if (!at) co_return fail(at.error());
  const ProxyTable& before = (*at)->table;
  ProxyTable after = before;
  after.forget(place.application, routed, {});
  if (after == before) co_return Result<void>();
  auto running = co_await running_of((*at)->engine, place.application);
  if (!running) co_return fail(running.error());
  after = before;
  after.follow_names(place.application, running->ids);
  after.forget(place.application, routed, running->names());
  if (after == before) co_return Result<void>();
  co_return co_await put_in_place(at->get(), place.application, std::move(after));
}

/// Of the routes' certificates those that the settings have. One that a route on the host had already, and that can't
/// be had from the settings any more, stays there as it is: it is no reason to refuse other applications, or ways back.
Result<HaproxyTraffic::Certificates> HaproxyTraffic::certificates(const ProxyTable& before,
                                                                  const ProxyTable& after) const {
  const auto known = certificates_of(before);
  Certificates certificates;
  for (const std::string& name : certificates_of(after)) {
    auto pem = pem_of(settings_, name);
    if (pem) {
      certificates.hashes[name] = sha256_hex(*pem);
      certificates.pems[name] = std::move(*pem);
      continue;
    }
    if (std::find(known.begin(), known.end(), name) == known.end()) return fail(pem.error());
    log::warn("a route's certificate stays as the host has it", {{"certificate", name}, {"why", pem.error()}});
    certificates.hashes[name] = "kept";
  }
  return certificates;
}

/// Files first: should this process die in between, what a restarted HAProxy reads is already right, and the call is
/// made again.
awaitable<Result<void>> HaproxyTraffic::put_in_place(Visit* visit, std::string application, ProxyTable after) {
  auto found = certificates(visit->table, after);
  if (!found) co_return fail(found.error());
  auto config = render(after, settings_, found->hashes);
  if (!config) co_return fail(config.error());
  ProxyFiles files;
  files.certificates = std::move(found->pems);
  files.config = config->text;
  files.table = after.dump();
  auto newest = co_await visit->proxies.apply(std::move(files));
  if (!newest) co_return fail(newest.error());
  auto loading = load(&visit->host, &visit->proxies, *newest, config->structure);
  auto loaded = co_await with_deadline(reload_limit, std::move(loading), "the reload of the proxy");
  if (!loaded) co_return loaded;
  co_return co_await tell(&visit->host, application, after.services_of(application));
}

/// Until the newest proxy's current worker has the wanted structure, and all proxies can be spoken to.
awaitable<Result<void>> HaproxyTraffic::load(Host* host, ProxyContainers* proxies, RunningProxy newest,
                                             std::string structure) {
  for (bool told = false;;) {
    // A master that reloads is out of reach for a moment.
    auto reached = co_await proxies->speak_to_all(&host->conversations);
    if (!reached && !told) co_return reached;
    if (reached) {
      auto loaded = co_await host->conversations.front().session.structure();
      if (loaded && *loaded == structure) co_return Result<void>();
      if (!loaded && !told) co_return fail(loaded.error());
    }
    if (!std::exchange(told, true)) {
      if (auto done = co_await proxies->reload(newest); !done) co_return done;
    }
    co_await sleep_for(look_again);
  }
}

awaitable<Result<void>> HaproxyTraffic::tell(Host* host, std::string application, ProxyTable::Services services) {
  for (Conversation& one : host->conversations) {
    auto told = co_await one.session.bring_to(application, services);
    if (told) continue;
    host->conversations.clear();
    co_return told;
  }
  co_return Result<void>();
}

std::optional<PublicRoute> HaproxyTraffic::public_route(const Place& place, const Route& route) const {
  const bool tls = !route.tls.empty();
  return public_route_at(hosts_.address_of(place.host), tls ? settings_.https_port : settings_.http_port, tls, route);
}

awaitable<Result<InFlight>> HaproxyTraffic::in_flight(Place place, std::vector<std::string> containers) {
  const auto at = co_await visit(place.host);
  if (!at) co_return fail(at.error());
  Host& host = (*at)->host;
  InFlight sum;
  const auto since = (*at)->table.draining_since(place.application, containers);
  if (since) sum.waited = clock_.now() - *since;
  sum.limit = (*at)->table.drain_time(place.application, containers);
  Result<void> counted;
  if (since) {
    counted = co_await (*at)->proxies.speak_to_all(&host.conversations);
    auto servers = (*at)->table.names_in_proxy(place.application, containers);
    if (counted) counted = co_await count(&host, place, std::move(servers), &sum);
  }
  if (!counted || (sum.requests == 0 && sum.tunnels == 0)) host.conversations.clear();
  if (!counted) co_return fail(counted.error());
  co_return sum;
}

awaitable<Result<void>> HaproxyTraffic::count(Host* host, Place place, std::vector<std::string> servers,
                                              InFlight* sum) {
  for (Conversation& one : host->conversations) {
    auto workers = co_await one.session.workers();
    if (!workers) co_return fail(workers.error());
    for (const std::int64_t pid : workers->all()) {
      auto stat = co_await one.session.ask(pid, std::string(servers_question));
      if (!stat) co_return fail(stat.error());
      if (is_gone(*stat)) continue;
      if (auto added = add_in_flight(*stat, place.application, servers, *sum); !added) co_return added;
    }
  }
  co_return Result<void>();
}

}  // namespace slipway::rollouts::haproxy
