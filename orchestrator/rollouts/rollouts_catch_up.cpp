// Hosts that did not answer during a rollout are brought to the promoted generation once they do.
#include "base/log.hpp"
#include "orchestrator/rollouts/rollouts.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::chrono::seconds host_interval{5};

}  // namespace

/// A host that answered and whose turn did not come has what it had, and is behind if it was.
void Rollouts::note_lost_hosts(const store::Rollout& rollout, const Progress& progress) {
  const bool catch_up = rollout.kind == "catch_up";
  const bool in_vain = catch_up && (progress.stage == Stage::rolled_back || progress.stage == Stage::rollback_failed);
  for (const HostProgress& host : progress.hosts) {
    if (in_vain || (catch_up && host.lost)) {
      put_off(rollout.application, host.host, progress.reason);
    } else if (host.lost || (host.leaves && host.batch == 0 && progress.stage == Stage::succeeded)) {
      behind_.add(rollout.application, host.host);
    } else if (catch_up || host.batch != 0) {
      behind_.remove(rollout.application, host.host);
    }
  }
}

void Rollouts::put_off(const std::string& application, const std::string& host, const std::string& why) {
  const Milliseconds pause = behind_.put_off(application, host, std::chrono::steady_clock::now());
  log::warn("a host could not be brought up to date, it is tried again later",
            {{"application", application}, {"host", host}, {"why", why}, {"pause_ms", pause.count()}});
}

awaitable<Result<void>> Rollouts::find_lost_hosts() {
  auto left = co_await parts_.store.read(&store::Rollouts::left_behind);
  if (!left) co_return fail(left.error());
  for (const store::HostLeftBehind& one : *left) behind_.add(one.application, one.host);
  co_return Result<void>();
}

awaitable<void> Rollouts::keep_catching_up() {
  for (;;) {
    co_await sleep_for(host_interval);
    const auto due = behind_.due(std::chrono::steady_clock::now());
    for (const auto& [application, host] : due) {
      if (!current(application)) co_await catch_up(application, host);
    }
  }
}

awaitable<void> Rollouts::catch_up(std::string application, std::string host) {
  auto engine = parts_.hosts.engine(host);
  if (parts_.hosts.swarm(host) != nullptr) engine = co_await parts_.hosts.manager(host);
  if (!engine) {
    if (engine.error().kind == Error::Kind::not_found) behind_.remove(application, host);
    co_return;
  }
  auto answers = co_await with_deadline(ping_limit, (*engine)->system().ping(), "asking host " + host);
  if (!answers) co_return;
  std::vector<std::string> this_one{host};
  auto ours = co_await still_ours(application, std::move(this_one), 0);
  if (!ours && ours.error().kind == Error::Kind::conflict) put_off(application, host, ours.error().message);
  if (!ours) co_return;
  auto add = [application, host, behind = behind_.of(application),
              now = parts_.clock.now()](store::Transaction& tx) -> Result<Turn> {
    auto rollout = catch_up_order(tx, application, host, behind, now);
    if (!rollout) return fail(rollout.error());
    return take_turn(tx, std::move(*rollout), Concurrency::queue);
  };
  auto turn = co_await parts_.store.write(std::move(add));
  if (!turn) {
    if (turn.error().kind == Error::Kind::not_found) behind_.remove(application, host);
    co_return;
  }
  log::info("a host answers again and is brought up to date", {{"application", application}, {"host", host}});
  line_up(*turn);
}

}  // namespace slipway::rollouts
