#include "orchestrator/rollouts/turn.hpp"

namespace slipway::rollouts {
namespace {

Error in_the_way(const store::Rollout& other) {
  return Error(Error::Kind::conflict,
               "rollout " + to_string(other.id) + " of " + other.application + " is in the way (" + other.state +
                   ", asked for by " + other.requested_by + "), and x-slipway.concurrency is refuse",
               "wait for its end (slipway app history " + other.application + "), or end it: slipway app stop " +
                   other.application);
}

}  // namespace

bool is_deployment(const store::Rollout& rollout) {
  return rollout.kind == "deploy" || rollout.kind == "redeploy";
}

Result<Turn> take_turn(store::Transaction& tx, store::Rollout rollout, Concurrency concurrency) {
  store::Rollouts rollouts(tx);
  const auto open = rollouts.open(rollout.application);
  if (!open) return fail(open.error());
  for (const store::Rollout& other : *open) {
    const bool asked_for = is_deployment(other) || other.kind == "rollback";
    if (concurrency == Concurrency::refuse && asked_for) return fail(in_the_way(other));
  }
  const Time now = rollout.created;
  const auto id = rollouts.add(std::move(rollout));
  if (!id) return fail(id.error());
  Turn turn{*id, {}};
  if (concurrency != Concurrency::supersede) return turn;
  for (const store::Rollout& other : *open) {
    if (!is_deployment(other) || other.fence != 0) continue;
    auto ended = rollouts.end_queued(other.id, std::string(name_of(Stage::superseded)),
                                     "by rollout " + to_string(*id) + "; nothing was changed", now);
    if (!ended) return fail(ended.error());
    turn.superseded.push_back(other.id);
  }
  return turn;
}

}  // namespace slipway::rollouts
