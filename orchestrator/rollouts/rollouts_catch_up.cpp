// Hosts that did not answer during a rollout are brought to the promoted generation once they do.
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/log.hpp"
#include "orchestrator/rollouts/rollouts.hpp"
#include "orchestrator/store/applications.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::chrono::seconds host_interval{5};
constexpr std::size_t lost_hosts_searched = 20;  // rollouts of an application that may tell of a lost host

}  // namespace

void Rollouts::note_lost_hosts(const std::string& application, const Progress& progress) {
  auto& behind = behind_[application];
  for (const HostProgress& host : progress.hosts) {
    if (host.lost) {
      behind.insert(host.host);
    } else {
      behind.erase(host.host);
    }
  }
  if (behind.empty()) behind_.erase(application);
}

/// The newest rollout that names a host decides whether it is behind.
awaitable<Result<void>> Rollouts::find_lost_hosts() {
  auto applications = co_await parts_.store.read(&store::Applications::list);
  if (!applications) co_return fail(applications.error());
  for (const store::Application& application : *applications) {
    auto rollouts = co_await parts_.store.read(&store::Rollouts::list, application.name, lost_hosts_searched);
    if (!rollouts) co_return fail(rollouts.error());
    std::set<std::string> known;
    for (const store::Rollout& rollout : *rollouts) {
      auto hosts = co_await parts_.store.read(&store::Rollouts::hosts, rollout.id);
      if (!hosts) co_return fail(hosts.error());
      for (const store::RolloutHost& host : *hosts) {
        if (known.insert(host.host).second && host.state == "unknown") behind_[application.name].insert(host.host);
      }
    }
  }
  co_return Result<void>();
}

awaitable<void> Rollouts::keep_catching_up() {
  for (;;) {
    co_await sleep_for(host_interval);
    const auto behind = behind_;
    for (const auto& [application, hosts] : behind) {
      for (const std::string& host : hosts) {
        if (!current(application)) co_await catch_up(application, host);
      }
    }
  }
}

awaitable<void> Rollouts::catch_up(std::string application, std::string host) {
  auto engine = parts_.hosts.engine(host);
  if (parts_.hosts.swarm(host) != nullptr) engine = co_await parts_.hosts.manager(host);
  if (!engine) {
    if (engine.error().kind == Error::Kind::not_found) behind_[application].erase(host);
    co_return;
  }
  auto answers = co_await with_deadline(ping_limit, (*engine)->system().ping(), "asking host " + host);
  if (!answers) co_return;
  auto add = [application, host, now = parts_.clock.now()](store::Transaction& tx) -> Result<Turn> {
    const auto owner = store::Applications(tx).get(application);
    if (!owner) return fail(owner.error());
    if (owner->promoted == 0) return fail(Error::Kind::not_found, "no generation is promoted");
    store::Rollout rollout;
    rollout.application = application;
    rollout.generation = owner->promoted;
    rollout.kind = "catch_up";
    rollout.plan = dump_json({{"hosts", std::vector<std::string>{host}}});
    rollout.requested_by = "slipway";
    rollout.created = now;
    return take_turn(tx, std::move(rollout), Concurrency::queue);
  };
  auto turn = co_await parts_.store.write(std::move(add));
  if (!turn) {
    if (turn.error().kind == Error::Kind::not_found) behind_[application].erase(host);
    co_return;
  }
  log::info("a host answers again and is brought up to date", {{"application", application}, {"host", host}});
  line_up(*turn);
}

}  // namespace slipway::rollouts
