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
  const auto id = rollouts.add(rollout);
  if (!id) return fail(id.error());
  Turn turn{std::move(rollout), {}};
  turn.rollout.id = *id;
  if (concurrency != Concurrency::supersede) return turn;
  return supersede_waiting(tx, std::move(turn));
}

Result<Turn> supersede_waiting(store::Transaction& tx, Turn turn) {
  store::Rollouts rollouts(tx);
  const auto open = rollouts.open(turn.rollout.application);
  if (!open) return fail(open.error());
  const std::string by = turn.rollout.kind == "rollback" ? "by the rollback, rollout " : "by rollout ";
  for (const store::Rollout& other : *open) {
    if (!is_deployment(other) || other.fence != 0 || other.id >= turn.rollout.id) continue;
    auto ended = rollouts.end_queued(other.id, std::string(name_of(Stage::superseded)),
                                     by + to_string(turn.rollout.id) + "; nothing was changed", turn.rollout.created);
    if (!ended) return fail(ended.error());
    turn.superseded.push_back(other.id);
  }
  return turn;
}

std::vector<store::Rollout> moving(const std::vector<store::Rollout>& open) {
  std::vector<store::Rollout> found;
  bool held = false;
  for (const store::Rollout& one : open) {
    held = held || (one.fence == 0 && one.state == name_of(Stage::waiting));
    if (one.fence != 0 || !held || !is_deployment(one)) found.push_back(one);
  }
  return found;
}

}  // namespace slipway::rollouts
