#pragma once
#include <memory>

#include "orchestrator/daemon/project_secrets.hpp"
#include "orchestrator/http/actions.hpp"
#include "orchestrator/logs/masker.hpp"
#include "orchestrator/rollouts/inventory.hpp"
#include "orchestrator/rollouts/parts.hpp"
#include "orchestrator/rollouts/rollouts.hpp"

namespace slipway::daemon {

/// What the API asks of applications and hosts: the inventory's and the rollouts' answers in the API's words. Borrows
/// all it is given.
class AppActions {
 public:
  AppActions(rollouts::Parts& parts, rollouts::Rollouts& rollouts, ProjectSecrets& secrets)
      : parts_(parts), rollouts_(rollouts), secrets_(secrets), inventory_(parts) {}

  awaitable<Result<std::vector<http::AppSummary>>> list();
  awaitable<Result<http::AppStatus>> status(std::string app);
  awaitable<Result<http::AppStatus>> look_for_drift(std::string app);
  awaitable<Result<std::vector<http::RolloutSummary>>> history(std::string app, std::size_t limit);
  awaitable<Result<std::vector<http::RolloutAudit>>> audit(std::string app, std::size_t limit);
  awaitable<Result<http::RolloutAudit>> audit(RolloutId rollout);
  /// The project's secrets are masked as in the logs of its runs; an error if they can't be opened.
  awaitable<Result<http::AppLogs>> logs(http::AppLogsOrder order);
  awaitable<Result<RolloutId>> roll_back(std::string app, bool force, http::Actor actor);
  awaitable<Result<RolloutId>> redeploy(std::string app, bool recreate, http::Actor actor);
  awaitable<Result<RolloutId>> ask(std::string app, http::RolloutWish wish, http::Actor actor);
  awaitable<Result<RolloutId>> approve(http::AppWord word, http::Actor actor);
  awaitable<Result<RolloutId>> begin_outside_window(std::string app, http::Actor actor);
  awaitable<Result<http::AppStatus>> adopt(http::AppAdoption adoption, http::Actor actor);
  awaitable<Result<http::AppTaken>> take_over(http::AppTakeover takeover, http::Actor actor);
  awaitable<Result<std::vector<http::HostStatus>>> hosts();

 private:
  awaitable<Result<std::shared_ptr<const logs::MaskPatterns>>> masks_of(std::string app);
  awaitable<http::AppSummary> describe(rollouts::ApplicationSummary summary);
  awaitable<http::AppStatus> describe(rollouts::ApplicationStatus status);

  rollouts::Parts& parts_;
  rollouts::Rollouts& rollouts_;
  ProjectSecrets& secrets_;
  rollouts::Inventory inventory_;
};

}  // namespace slipway::daemon
