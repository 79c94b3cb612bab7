#pragma once
#include "orchestrator/rollouts/rollouts.hpp"
#include "orchestrator/runs/deployer.hpp"

namespace slipway::rollouts {

/// What deploy jobs speak to. Borrows all it is given.
class JobDeployer final : public runs::Deployer {
 public:
  JobDeployer(Rollouts& rollouts, store::Store& store, ComposeRules rules, Tasks& tasks)
      : rollouts_(rollouts), store_(store), rules_(std::move(rules)), tasks_(tasks) {}

  awaitable<Result<runs::Outcome>> deploy(runs::DeployRequest request, runs::DeploymentNews news) override;
  awaitable<Result<std::optional<runs::Outcome>>> take_up(runs::DeploymentKey key, runs::DeploymentNews news) override;
  void stop(const runs::DeploymentKey& key, const std::string& why) override;

 private:
  class AtWork;

  awaitable<Result<RolloutOrder>> order_of(runs::DeployRequest request);
  awaitable<Result<std::map<std::string, std::string>>> files_of(runs::DeployRequest request, ComposeText compose);
  awaitable<Result<runs::Outcome>> follow(RolloutId rollout, runs::DeploymentNews news);
  awaitable<void> stop_rollout(runs::DeploymentKey key, std::string why);

  Rollouts& rollouts_;
  store::Store& store_;
  ComposeRules rules_;
  Tasks& tasks_;
  std::map<runs::DeploymentKey, bool> at_work_;  ///< and whether it is to stop
};

}  // namespace slipway::rollouts
