#include "tests/integration/http/recorded_actions.hpp"

namespace slipway::http {

awaitable<Result<RunId>> RecordedActions::trigger(TriggerOrder order, Actor actor) {
  std::string parameters;
  for (const auto& [key, value] : order.parameters) parameters += " " + key + "=" + value;
  asked.push_back("trigger " + order.project + " " + order.ref + order.commit + parameters + " by " + actor);
  if (order.project == "nobody") co_return fail(Error::Kind::not_found, "no project nobody");
  co_return RunId(1);
}

awaitable<Result<void>> RecordedActions::cancel(RunId run, Actor actor) {
  asked.push_back("cancel " + to_string(run) + " by " + actor);
  if (run.value > 1000) co_return fail(Error::Kind::not_found, "no run " + to_string(run));
  co_return Result<void>();
}

awaitable<Result<RunId>> RecordedActions::rerun(RunId run, Actor actor) {
  asked.push_back("rerun " + to_string(run) + " by " + actor);
  co_return RunId(2);
}

awaitable<Result<RunId>> RecordedActions::rerun_failed(RunId run, Actor actor) {
  asked.push_back("rerun failed " + to_string(run) + " by " + actor);
  co_return RunId(3);
}

awaitable<Result<void>> RecordedActions::approve(RunId run, Actor actor) {
  asked.push_back("approve " + to_string(run) + " by " + actor);
  co_return fail(Error::Kind::conflict, "run " + to_string(run) + " is finished");
}

awaitable<Result<CreatedProject>> RecordedActions::add_project(ProjectInput project, Actor actor) {
  asked.push_back("add project " + project.name + " by " + actor);
  co_return CreatedProject{ProjectId(9), Secret("made-here"), ""};
}

awaitable<Result<void>> RecordedActions::update_project(ProjectInput project, Actor actor) {
  asked.push_back("update project " + project.name + " " + project.default_branch.value_or("") + " by " + actor);
  co_return Result<void>();
}

awaitable<Result<void>> RecordedActions::remove_project(std::string name, Actor actor) {
  asked.push_back("remove project " + name + " by " + actor);
  co_return Result<void>();
}

awaitable<Result<void>> RecordedActions::set_secret(std::string project, std::string name, Secret value, Actor actor) {
  asked.push_back("set secret " + project + " " + name + " " + value.reveal() + " by " + actor);
  co_return Result<void>();
}

awaitable<Result<void>> RecordedActions::remove_secret(std::string project, std::string name, Actor actor) {
  asked.push_back("remove secret " + project + " " + name + " by " + actor);
  co_return Result<void>();
}

awaitable<Result<CreatedToken>> RecordedActions::create_token(TokenInput token, Actor actor) {
  asked.push_back("create token " + token.name + " " + token.role + " by " + actor);
  co_return CreatedToken{TokenId(4), Secret("slw_new")};
}

awaitable<Result<void>> RecordedActions::revoke_token(TokenId token, Actor actor) {
  asked.push_back("revoke token " + to_string(token) + " by " + actor);
  co_return Result<void>();
}

awaitable<Result<std::vector<AppSummary>>> RecordedActions::list_apps() {
  std::vector<AppSummary> apps(1);
  apps[0].name = "shop";
  apps[0].generation = 3;
  co_return apps;
}

awaitable<Result<AppStatus>> RecordedActions::app_status(std::string app) {
  asked.push_back("status " + app);
  ++statuses_asked;
  if (delay > Duration(0)) co_await sleep_for(delay);
  if (app == "broken") throw std::runtime_error("a bug");
  AppStatus status;
  status.summary.name = app;
  status.images["web"] = "registry.example/shop/web@sha256:0";
  AppHost host;
  host.host = "a";
  host.state = "ok";
  AppWaiting waiting;
  waiting.rollout = RolloutId(6);
  waiting.generation = 4;
  waiting.kind = "deploy";
  waiting.state = "waiting";
  waiting.roles = {"maintainer"};
  waiting.approvals.push_back({"ann", "maintainer", Time(), "looks good"});
  status.waiting.push_back(waiting);
  host.containers.push_back({"web", "shop-web-1", "sha256:0", "running", "healthy", "sha256:0"});
  status.hosts.push_back(host);
  co_return status;
}

awaitable<Result<AppStatus>> RecordedActions::look_for_drift(std::string app) {
  asked.push_back("drift " + app);
  AppStatus status;
  status.summary.name = app;
  AppHost host;
  host.host = "a";
  host.state = "drifted";
  host.drift.push_back({"missing", "web", "shop-web-1", "container shop-web-1 is missing"});
  host.drifted_since = Time();
  status.hosts.push_back(host);
  co_return status;
}

awaitable<Result<std::vector<RolloutSummary>>> RecordedActions::app_history(std::string app, std::size_t limit) {
  asked.push_back("history " + app + " " + std::to_string(limit));
  std::vector<RolloutSummary> rollouts(1);
  rollouts[0].id = RolloutId(5);
  rollouts[0].app = app;
  rollouts[0].kind = "deploy";
  rollouts[0].run = RunId(1);
  co_return rollouts;
}

namespace {

RolloutAudit sample_audit(RolloutId id) {
  RolloutAudit audit;
  audit.rollout.id = id;
  audit.rollout.app = "shop";
  audit.rollout.kind = "deploy";
  audit.fence = 3;
  audit.evidence =
      R"({"run": 1, "number": 1, "project": "shop", "event": "push", "ref": "refs/heads/main", "commit": "01", "title": "t",)"
      R"("author": "ann", "asked_by": "ann", "jobs": [{"name": "unit", "kind": "run", "verdict": "passed", "reason": ""}], "pushes": []})";
  audit.entries.push_back({Time(), 3, "h1", "", "committed", ""});
  audit.entries.push_back({Time(), 0, "", "ann", "app.approve", "looks good"});
  return audit;
}

}  // namespace

awaitable<Result<std::vector<RolloutAudit>>> RecordedActions::app_audit(std::string app, std::size_t limit) {
  asked.push_back("audit " + app + " " + std::to_string(limit));
  co_return std::vector<RolloutAudit>{sample_audit(RolloutId(5))};
}

awaitable<Result<RolloutAudit>> RecordedActions::rollout_audit(RolloutId rollout) {
  asked.push_back("audit of rollout " + to_string(rollout));
  co_return sample_audit(rollout);
}

awaitable<Result<AppLogs>> RecordedActions::app_logs(AppLogsOrder order) {
  asked.push_back("logs " + order.app + " " + order.service + " " + order.host + " " + std::to_string(order.tail));
  AppLogs logs;
  logs.lines.push_back({"a", "web", "shop-web-1", "stdout", "2026-11-25T01:28:51.123456789Z", "hello"});
  logs.unread.push_back({"b", "no route to host"});
  co_return logs;
}

awaitable<Result<RolloutId>> RecordedActions::roll_back(std::string app, bool force, Actor actor) {
  asked.push_back("roll back " + app + (force ? " by force" : "") + " by " + actor);
  co_return RolloutId(6);
}

awaitable<Result<RolloutId>> RecordedActions::redeploy(std::string app, bool recreate, Actor actor) {
  asked.push_back("redeploy " + app + (recreate ? " anew" : "") + " by " + actor);
  co_return RolloutId(7);
}

awaitable<Result<RolloutId>> RecordedActions::ask_rollout(std::string app, RolloutWish wish, Actor actor) {
  constexpr const char* words[] = {"pause", "resume", "stop", "roll back", "promote", "promote all"};
  asked.push_back(std::string("ask ") + words[static_cast<int>(wish)] + " of " + app + " by " + actor);
  co_return RolloutId(6);
}

awaitable<Result<RolloutId>> RecordedActions::approve_rollout(AppWord word, Actor actor) {
  asked.push_back(std::string(word.reject ? "reject" : "approve") + " generation " +
                  std::to_string(word.generation.value_or(0)) + " of " + word.app + " by " + actor + " (" +
                  word.roles.back() + ")" + (word.reason.empty() ? "" : ": " + word.reason));
  co_return RolloutId(6);
}

awaitable<Result<RolloutId>> RecordedActions::begin_outside_window(std::string app, Actor actor) {
  asked.push_back("begin outside of the window of " + app + " by " + actor);
  co_return RolloutId(6);
}

awaitable<Result<AppStatus>> RecordedActions::adopt(AppAdoption adoption, Actor actor) {
  asked.push_back("adopt " + adoption.app + " of " + adoption.project + " at " +
                  std::to_string(adoption.generation.value_or(0)) + " by " + actor);
  AppStatus status;
  status.summary.name = adoption.app;
  co_return status;
}

awaitable<Result<AppTaken>> RecordedActions::take_over(AppTakeover takeover, Actor actor) {
  asked.push_back("take over " + takeover.app + " for " + takeover.project + " from " + takeover.path + " (" +
                  takeover.compose + ") to " + takeover.group + " with " + takeover.variables["TAG"] + " and " +
                  takeover.files["web.env"] + " by " + actor);
  AppTaken taken;
  taken.status.summary.name = takeover.app;
  taken.notes = {"host h1, service 'web': Env differs"};
  co_return taken;
}

awaitable<Result<std::vector<HostStatus>>> RecordedActions::list_hosts() {
  std::vector<HostStatus> hosts;
  hosts.push_back({"a", "unix:///run/a.sock", {"production"}, "ok", "20.10.24", ""});
  co_return hosts;
}

namespace {

class OnePiece final : public Stream {
 public:
  OnePiece(std::string text, bool then_waits) : text_(std::move(text)), then_waits_(then_waits) {}
  awaitable<Result<std::string>> next() override {
    if (text_.empty() && then_waits_) co_await sleep_for(std::chrono::hours(1));
    co_return std::exchange(text_, {});
  }

 private:
  std::string text_;
  bool then_waits_;
};

}  // namespace

awaitable<Result<std::unique_ptr<Stream>>> RecordedActions::backup(bool with_logs, Actor actor) {
  asked.push_back("backup " + std::string(with_logs ? "with logs" : "without logs") + " by " + actor);
  co_return std::make_unique<OnePiece>("a tar", backup_waits);
}

awaitable<std::vector<Check>> RecordedActions::readiness() {
  std::vector<Check> checks;
  checks.push_back({"engine", healthy, healthy ? "" : "does not answer", ""});
  co_return checks;
}

awaitable<std::string> RecordedActions::metrics() {
  co_return "slipway_build_info{version=\"test\"} 1\n";
}

}  // namespace slipway::http
