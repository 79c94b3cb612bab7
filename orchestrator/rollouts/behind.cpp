#include "orchestrator/rollouts/behind.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/rollouts/generations.hpp"
#include "orchestrator/rollouts/journal.hpp"
#include "orchestrator/store/applications.hpp"

namespace slipway::rollouts {
namespace {

constexpr Milliseconds first_pause{std::chrono::seconds(10)};
constexpr Milliseconds longest_pause{std::chrono::hours(1)};
constexpr std::size_t rollouts_searched = 50;  // for the last that changed anything

Result<GenerationSpec> spec_of(store::Transaction& tx, const std::string& application, std::int64_t generation) {
  const auto row = store::Applications(tx).generation(application, generation);
  if (!row) return fail(row.error());
  return from_row(*row);
}

bool is_among(const std::vector<std::string>& hosts, const std::string& host) {
  return std::find(hosts.begin(), hosts.end(), host) != hosts.end();
}

/// The last that changed anything, or ended as others took the application over; null if there is none.
const store::Rollout* last_with_effect(const std::vector<store::Rollout>& newest_first) {
  const auto found = std::find_if(newest_first.begin(), newest_first.end(), [](const store::Rollout& one) {
    return one.kind == "adopt" || one.state == name_of(Stage::failed) || has_begun(one);
  });
  return found == newest_first.end() ? nullptr : &*found;
}

bool is_broken_rollback(const store::Rollout& rollout) {
  const bool broken = rollout.state == name_of(Stage::rollback_failed) || rollout.state == name_of(Stage::stopped);
  return rollout.kind == "rollback" && broken;
}

Result<void> not_after_broken_rollback(store::Transaction& tx, const std::string& application,
                                       const std::string& host) {
  const auto asked_for = store::Rollouts(tx).asked_for(application, rollouts_searched);
  if (!asked_for) return fail(asked_for.error());
  const store::Rollout* last = last_with_effect(*asked_for);
  if (last == nullptr || !is_broken_rollback(*last)) return {};
  return fail(Error::Kind::conflict, "the last rollback of " + application + " did not get through: what host " + host +
                                         " is to have is for people to say");
}

Json plan_of(const store::Rollout& rollout) {
  auto plan = parse_json(rollout.plan);
  return plan ? std::move(*plan) : Json::object();
}

/// Of the last rollout that says what the host has, however many there were since for other hosts: if that one went
/// back, or was to leave the host, and did not come to its end there. A swarm goes back by itself.
Result<store::Rollout> left_on(store::Transaction& tx, const std::string& application, const std::string& host) {
  const Error none(Error::Kind::not_found, "nothing of " + application + " is to be done on host " + host);
  const store::Rollouts rollouts(tx);
  const auto last = rollouts.last_on(application, host);
  if (!last) return fail(last.error().kind == Error::Kind::not_found ? none : last.error());
  const bool went_back = last->state == name_of(Stage::rolled_back) || last->state == name_of(Stage::rollback_failed);
  if (!went_back && last->state != name_of(Stage::succeeded)) return fail(none);
  const auto hosts = rollouts.hosts(last->id);
  if (!hosts) return fail(hosts.error());
  const bool settled = std::any_of(hosts->begin(), hosts->end(), [&](const store::RolloutHost& one) {
    return one.host == host && (one.state == name_of(HostStage::committed) || one.state == name_of(Stage::rolled_back));
  });
  const auto spec = spec_of(tx, application, last->generation);
  if (!spec) return fail(spec.error());
  if (settled || spec->swarm) return fail(none);
  return last;
}

}  // namespace

Milliseconds HostsBehind::put_off(const std::string& application, const std::string& host, Instant now) {
  Wait& wait = hosts_[{application, host}];
  wait.pause = wait.pause.count() == 0 ? first_pause : std::min(wait.pause * 2, longest_pause);
  wait.until = now + wait.pause;
  return wait.pause;
}

std::vector<std::string> HostsBehind::of(const std::string& application) const {
  std::vector<std::string> found;
  for (const auto& [host, wait] : hosts_) {
    if (host.first == application) found.push_back(host.second);
  }
  return found;
}

std::vector<std::pair<std::string, std::string>> HostsBehind::due(Instant now) const {
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [host, wait] : hosts_) {
    if (wait.until <= now) found.push_back(host);
  }
  return found;
}

Result<store::Rollout> catch_up_order(store::Transaction& tx, const std::string& application, const std::string& host,
                                      const std::vector<std::string>& behind, Time now) {
  const auto owner = store::Applications(tx).get(application);
  if (!owner) return fail(owner.error());
  if (auto free = not_after_broken_rollback(tx, application, host); !free) return fail(free.error());
  store::Rollout rollout;
  rollout.application = application;
  rollout.generation = owner->promoted;
  rollout.kind = "catch_up";
  rollout.plan = plan_for({host});
  rollout.requested_by = "slipway";
  rollout.created = now;
  std::vector<std::string> targets;
  if (owner->promoted != 0) {
    auto spec = spec_of(tx, application, owner->promoted);
    if (!spec) return fail(spec.error());
    targets = std::move(spec->hosts);
  }
  if (is_among(targets, host)) return rollout;
  const auto left = left_on(tx, application, host);
  if (!left) return fail(left.error());
  for (const std::string& other : behind) {
    if (left->state != name_of(Stage::succeeded) || !is_among(targets, other)) continue;
    return fail(Error::Kind::conflict, "host " + host + " keeps what it has until host " + other + " is up to date");
  }
  rollout.generation = left->generation;
  rollout.plan =
      dump_json({{"hosts", std::vector<std::string>{host}}, {"to_nothing", true}, {"promoted", owner->promoted}});
  return rollout;
}

bool left_on_purpose(const std::vector<store::Rollout>& newest_first) {
  const store::Rollout* last = last_with_effect(newest_first);
  if (last == nullptr) return false;
  return last->state == name_of(Stage::failed) || last->state == name_of(Stage::stopped) || is_broken_rollback(*last);
}

std::string why_gone(std::int64_t generation) {
  const std::string gone = "the daemon's settings do not have it any more, and ";
  if (generation == 0) return gone + "what it serves is not known";
  return gone + "it may serve generation " + std::to_string(generation) + " still";
}

bool goes_to_nothing(const store::Rollout& rollout) {
  return flag_at(plan_of(rollout), "to_nothing");
}

std::int64_t promoted_for(const store::Rollout& rollout) {
  return goes_to_nothing(rollout) ? number_at(plan_of(rollout), "promoted") : rollout.generation;
}

std::vector<std::string> hosts_of(const store::Rollout& rollout) {
  return texts_in(value_at(plan_of(rollout), "hosts"));
}

std::string plan_for(const std::vector<std::string>& hosts) {
  return dump_json({{"hosts", hosts}});
}

}  // namespace slipway::rollouts
