#pragma once
#include "orchestrator/rollouts/rollouts.hpp"
#include "orchestrator/runs/deployer.hpp"

namespace slipway::rollouts {

/// What deploy jobs speak to. Borrows all it is given.
class JobDeployer final : public runs::Deployer {
 public:
  JobDeployer(Rollouts& rollouts, store::Store& store, ComposeRules rules, Tasks& tasks)
      : rollouts_(rollouts), store_(store), rules_(std::move(rules)), tasks_(tasks) {}

  awaitable<Result<runs::Outcome>> deploy(runs::DeployRequest request, std::function<void(std::string)> say) override;
  void stop(RunId run, const std::string& job, int attempt) override;

 private:
  awaitable<Result<std::map<std::string, std::string>>> files_of(runs::DeployRequest request, ComposeText compose);
  awaitable<void> stop_rollout(RunId run, std::string job, std::int64_t attempt);

  Rollouts& rollouts_;
  store::Store& store_;
  ComposeRules rules_;
  Tasks& tasks_;
};

}  // namespace slipway::rollouts
