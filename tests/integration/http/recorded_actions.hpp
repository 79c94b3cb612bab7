#pragma once
#include <atomic>
#include <string>
#include <vector>

#include "orchestrator/http/actions.hpp"

namespace slipway::http {

/// Stands in for the daemon: notes what it is asked for and answers with something for each field, so that the answers
/// can be held to the API's description.
class RecordedActions final : public Actions {
 public:
  std::vector<std::string> asked;
  bool healthy = true;
  bool backup_waits = false;           ///< for ever, behind its first piece
  Duration delay{0};                   ///< of app_status
  std::atomic<int> statuses_asked{0};  ///< calls of app_status, for other threads

  awaitable<Result<RunId>> trigger(TriggerOrder order, Actor actor) override;
  awaitable<Result<void>> cancel(RunId run, Actor actor) override;
  awaitable<Result<RunId>> rerun(RunId run, Actor actor) override;
  awaitable<Result<RunId>> rerun_failed(RunId run, Actor actor) override;
  awaitable<Result<void>> approve(RunId run, Actor actor) override;
  awaitable<Result<CreatedProject>> add_project(ProjectInput project, Actor actor) override;
  awaitable<Result<void>> update_project(ProjectInput project, Actor actor) override;
  awaitable<Result<void>> remove_project(std::string name, Actor actor) override;
  awaitable<Result<void>> set_secret(std::string project, std::string name, Secret value, Actor actor) override;
  awaitable<Result<void>> remove_secret(std::string project, std::string name, Actor actor) override;
  awaitable<Result<CreatedToken>> create_token(TokenInput token, Actor actor) override;
  awaitable<Result<void>> revoke_token(TokenId token, Actor actor) override;
  awaitable<Result<std::vector<AppSummary>>> list_apps() override;
  awaitable<Result<AppStatus>> app_status(std::string app) override;
  awaitable<Result<AppStatus>> look_for_drift(std::string app) override;
  awaitable<Result<std::vector<RolloutSummary>>> app_history(std::string app, std::size_t limit) override;
  awaitable<Result<std::vector<RolloutAudit>>> app_audit(std::string app, std::size_t limit) override;
  awaitable<Result<RolloutAudit>> rollout_audit(RolloutId rollout) override;
  awaitable<Result<AppLogs>> app_logs(AppLogsOrder order) override;
  awaitable<Result<RolloutId>> roll_back(std::string app, bool force, Actor actor) override;
  awaitable<Result<RolloutId>> redeploy(std::string app, bool recreate, Actor actor) override;
  awaitable<Result<RolloutId>> ask_rollout(std::string app, RolloutWish wish, Actor actor) override;
  awaitable<Result<RolloutId>> approve_rollout(AppWord word, Actor actor) override;
  awaitable<Result<RolloutId>> begin_outside_window(std::string app, Actor actor) override;
  awaitable<Result<AppStatus>> adopt(AppAdoption adoption, Actor actor) override;
  awaitable<Result<AppTaken>> take_over(AppTakeover takeover, Actor actor) override;
  awaitable<Result<std::vector<HostStatus>>> list_hosts() override;
  awaitable<Result<std::unique_ptr<Stream>>> backup(bool with_logs, Actor actor) override;
  awaitable<std::vector<Check>> readiness() override;
  awaitable<std::string> metrics() override;
};

}  // namespace slipway::http
