#include "orchestrator/daemon/core.hpp"

#include "orchestrator/daemon/app_actions.hpp"
#include "orchestrator/daemon/backups.hpp"
#include "orchestrator/daemon/health.hpp"

namespace slipway::daemon {

awaitable<Result<RunId>> Core::trigger(http::TriggerOrder order, http::Actor actor) {
  return runs_.trigger(std::move(order), std::move(actor));
}
awaitable<Result<void>> Core::cancel(RunId run, http::Actor actor) {
  return runs_.cancel(run, std::move(actor));
}
awaitable<Result<RunId>> Core::rerun(RunId run, http::Actor actor) {
  return runs_.rerun(run, false, std::move(actor));
}
awaitable<Result<RunId>> Core::rerun_failed(RunId run, http::Actor actor) {
  return runs_.rerun(run, true, std::move(actor));
}
awaitable<Result<void>> Core::approve(RunId run, http::Actor actor) {
  return runs_.approve(run, std::move(actor));
}

awaitable<Result<http::CreatedProject>> Core::add_project(http::ProjectInput project, http::Actor actor) {
  return projects_.add(std::move(project), std::move(actor));
}
awaitable<Result<void>> Core::update_project(http::ProjectInput project, http::Actor actor) {
  return projects_.update(std::move(project), std::move(actor));
}
awaitable<Result<void>> Core::remove_project(std::string name, http::Actor actor) {
  return projects_.remove(std::move(name), std::move(actor));
}
awaitable<Result<void>> Core::set_secret(std::string project, std::string name, Secret value, http::Actor actor) {
  return projects_.set_secret(std::move(project), std::move(name), std::move(value), std::move(actor));
}
awaitable<Result<void>> Core::remove_secret(std::string project, std::string name, http::Actor actor) {
  return projects_.remove_secret(std::move(project), std::move(name), std::move(actor));
}

awaitable<Result<http::CreatedToken>> Core::create_token(http::TokenInput token, http::Actor actor) {
  return tokens_.create(std::move(token), std::move(actor));
}
awaitable<Result<void>> Core::revoke_token(TokenId token, http::Actor actor) {
  return tokens_.revoke(token, std::move(actor));
}

awaitable<Result<std::vector<http::AppSummary>>> Core::list_apps() {
  return apps_.list();
}
awaitable<Result<http::AppStatus>> Core::app_status(std::string app) {
  return apps_.status(std::move(app));
}
awaitable<Result<http::AppStatus>> Core::look_for_drift(std::string app) {
  return apps_.look_for_drift(std::move(app));
}
awaitable<Result<std::vector<http::RolloutSummary>>> Core::app_history(std::string app, std::size_t limit) {
  return apps_.history(std::move(app), limit);
}
awaitable<Result<std::vector<http::RolloutAudit>>> Core::app_audit(std::string app, std::size_t limit) {
  return apps_.audit(std::move(app), limit);
}
awaitable<Result<http::RolloutAudit>> Core::rollout_audit(RolloutId rollout) {
  return apps_.audit(rollout);
}
awaitable<Result<http::AppLogs>> Core::app_logs(http::AppLogsOrder order) {
  return apps_.logs(std::move(order));
}
awaitable<Result<RolloutId>> Core::roll_back(std::string app, bool force, http::Actor actor) {
  return apps_.roll_back(std::move(app), force, std::move(actor));
}

awaitable<Result<RolloutId>> Core::redeploy(std::string app, bool recreate, http::Actor actor) {
  return apps_.redeploy(std::move(app), recreate, std::move(actor));
}

awaitable<Result<RolloutId>> Core::ask_rollout(std::string app, http::RolloutWish wish, http::Actor actor) {
  return apps_.ask(std::move(app), wish, std::move(actor));
}
awaitable<Result<RolloutId>> Core::approve_rollout(http::AppWord word, http::Actor actor) {
  return apps_.approve(std::move(word), std::move(actor));
}
awaitable<Result<RolloutId>> Core::begin_outside_window(std::string app, http::Actor actor) {
  return apps_.begin_outside_window(std::move(app), std::move(actor));
}
awaitable<Result<http::AppStatus>> Core::adopt(http::AppAdoption adoption, http::Actor actor) {
  return apps_.adopt(std::move(adoption), std::move(actor));
}
awaitable<Result<http::AppTaken>> Core::take_over(http::AppTakeover takeover, http::Actor actor) {
  return apps_.take_over(std::move(takeover), std::move(actor));
}
awaitable<Result<std::vector<http::HostStatus>>> Core::list_hosts() {
  return apps_.hosts();
}

awaitable<Result<std::unique_ptr<http::Stream>>> Core::backup(bool with_logs, http::Actor actor) {
  return backups_.make(with_logs, std::move(actor));
}

awaitable<std::vector<http::Check>> Core::readiness() {
  return health_.checks();
}
awaitable<std::string> Core::metrics() {
  return health_.metrics();
}

}  // namespace slipway::daemon
