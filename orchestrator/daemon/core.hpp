#pragma once
#include <functional>

#include "orchestrator/daemon/project_actions.hpp"
#include "orchestrator/daemon/run_actions.hpp"
#include "orchestrator/daemon/token_actions.hpp"
#include "orchestrator/http/actions.hpp"

namespace slipway::daemon {

class AppActions;
class Backups;
class Health;

/// What the HTTP API asks of the daemon, each request handed to whom it concerns. Borrows them.
class Core final : public http::Actions {
 public:
  Core(ProjectActions& projects, RunActions& runs, TokenActions& tokens, AppActions& apps, Backups& backups,
       Health& health)
      : projects_(projects), runs_(runs), tokens_(tokens), apps_(apps), backups_(backups), health_(health) {}

  awaitable<Result<RunId>> trigger(http::TriggerOrder order, http::Actor actor) override;
  awaitable<Result<void>> cancel(RunId run, http::Actor actor) override;
  awaitable<Result<RunId>> rerun(RunId run, http::Actor actor) override;
  awaitable<Result<RunId>> rerun_failed(RunId run, http::Actor actor) override;
  awaitable<Result<void>> approve(RunId run, http::Actor actor) override;

  awaitable<Result<http::CreatedProject>> add_project(http::ProjectInput project, http::Actor actor) override;
  awaitable<Result<void>> update_project(http::ProjectInput project, http::Actor actor) override;
  awaitable<Result<void>> remove_project(std::string name, http::Actor actor) override;
  awaitable<Result<void>> set_secret(std::string project, std::string name, Secret value, http::Actor actor) override;
  awaitable<Result<void>> remove_secret(std::string project, std::string name, http::Actor actor) override;

  awaitable<Result<http::CreatedToken>> create_token(http::TokenInput token, http::Actor actor) override;
  awaitable<Result<void>> revoke_token(TokenId token, http::Actor actor) override;

  awaitable<Result<std::vector<http::AppSummary>>> list_apps() override;
  awaitable<Result<http::AppStatus>> app_status(std::string app) override;
  awaitable<Result<http::AppStatus>> look_for_drift(std::string app) override;
  awaitable<Result<std::vector<http::RolloutSummary>>> app_history(std::string app, std::size_t limit) override;
  awaitable<Result<std::vector<http::RolloutAudit>>> app_audit(std::string app, std::size_t limit) override;
  awaitable<Result<http::RolloutAudit>> rollout_audit(RolloutId rollout) override;
  awaitable<Result<http::AppLogs>> app_logs(http::AppLogsOrder order) override;
  awaitable<Result<RolloutId>> roll_back(std::string app, bool force, http::Actor actor) override;
  awaitable<Result<RolloutId>> redeploy(std::string app, bool recreate, http::Actor actor) override;
  awaitable<Result<RolloutId>> ask_rollout(std::string app, http::RolloutWish wish, http::Actor actor) override;
  awaitable<Result<RolloutId>> approve_rollout(http::AppWord word, http::Actor actor) override;
  awaitable<Result<RolloutId>> begin_outside_window(std::string app, http::Actor actor) override;
  awaitable<Result<http::AppStatus>> adopt(http::AppAdoption adoption, http::Actor actor) override;
  awaitable<Result<http::AppTaken>> take_over(http::AppTakeover takeover, http::Actor actor) override;
  awaitable<Result<std::vector<http::HostStatus>>> list_hosts() override;

  awaitable<Result<std::unique_ptr<http::Stream>>> backup(bool with_logs, http::Actor actor) override;
  awaitable<std::vector<http::Check>> readiness() override;
  awaitable<std::string> metrics() override;

 private:
  ProjectActions& projects_;
  RunActions& runs_;
  TokenActions& tokens_;
  AppActions& apps_;
  Backups& backups_;
  Health& health_;
};

}  // namespace slipway::daemon
