// Between rollouts: containers come back with other addresses after a crash, proxies are removed by hand.
#include "base/log.hpp"
#include "orchestrator/rollouts/gather.hpp"
#include "orchestrator/rollouts/host_view.hpp"
#include "orchestrator/rollouts/rollouts.hpp"
#include "orchestrator/store/applications.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::chrono::seconds proxy_interval{5};
constexpr std::chrono::seconds proxy_limit{20};

bool has_route(const Application& application) {
  return std::any_of(application.services.begin(), application.services.end(),
                     [](const Service& service) { return service.route.has_value(); });
}

awaitable<Result<void>> mend(Parts* parts, std::shared_ptr<const Target> target, std::string host) {
  auto engine = parts->hosts.engine(host);
  if (!engine) co_return fail(engine.error());
  auto shown = co_await look_at_host((*engine)->containers(), whose(parts->store.fleet(), target->spec));
  if (!shown) co_return fail(shown.error());
  std::vector<Backend> backends;
  for (const Shown& one : difference(target->wanted, *shown).right) {
    const Service* service = target->service(one.service);
    if (service != nullptr) backends.push_back({one.service, one.name, service->route});
  }
  Place place{target->application.name, host};
  co_return co_await parts->traffic.mend(std::move(place), std::move(backends));
}

}  // namespace

awaitable<void> Rollouts::keep_routes() {
  for (;;) {
    co_await sleep_for(proxy_interval);
    auto applications = co_await parts_.store.read(&store::Applications::list);
    if (!applications) continue;
    for (const store::Application& application : *applications) {
      if (application.promoted == 0 || current(application.name)) continue;
      auto mended = co_await mend_routes(application.name);
      if (!mended)
        log::debug("routes were not looked at", {{"application", application.name}, {"why", mended.error()}});
    }
  }
}

awaitable<Result<void>> Rollouts::mend_routes(std::string application) {
  auto owner = co_await parts_.store.read(&store::Applications::get, application);
  if (!owner) co_return fail(owner.error());
  auto target = co_await load_outline(parts_, application, owner->promoted);
  if (!target) co_return fail(target.error());
  if (!has_route((*target)->application)) co_return Result<void>();
  std::vector<awaitable<void>> work;
  for (const std::string& host : (*target)->spec.hosts) work.push_back(mend_host(*target, host));
  co_await run_all("routes of " + application, std::move(work));
  co_return Result<void>();
}

/// A trouble is told when it begins and when it is over, not at every look.
awaitable<void> Rollouts::mend_host(std::shared_ptr<const Target> target, std::string host) {
  auto mending = mend(&parts_, target, host);
  auto mended = co_await with_deadline(proxy_limit, std::move(mending), "looking after the proxy");
  const std::string what = target->application.name + " on " + host;
  const std::string why = mended ? std::string() : mended.error().message;
  std::string& before = route_troubles_[what];
  if (why != before && !why.empty()) log::warn("a route can't be mended", {{"of", what}, {"why", why}});
  if (why.empty() && !before.empty()) log::info("a route is mended", {{"of", what}});
  before = why;
}

}  // namespace slipway::rollouts
