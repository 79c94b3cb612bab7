#include "orchestrator/daemon/run_actions.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/checkout/git_url.hpp"
#include "orchestrator/daemon/audit.hpp"
#include "orchestrator/queue/requests.hpp"
#include "orchestrator/store/projects.hpp"
#include "orchestrator/store/runs.hpp"

namespace slipway::daemon {
namespace {

/// "main" is a branch; a tag or anything else is written out ("refs/tags/v1").
std::string full_ref(const std::string& ref) {
  return ref.starts_with("refs/") ? ref : "refs/heads/" + ref;
}

Result<store::Run> run_of(const http::TriggerOrder& order, const store::Project& project, const std::string& actor,
                          Time now) {
  const std::string ref = order.ref.empty() ? project.default_branch : order.ref;
  if (!checkout::is_ref_name(ref)) return fail(Error::Kind::invalid, "'" + ref.substr(0, 80) + "' is no branch or tag");
  if (ref.starts_with("refs/") && !ref.starts_with("refs/heads/") && !ref.starts_with("refs/tags/")) {
    return fail(Error::Kind::invalid, "'" + ref.substr(0, 80) + "' is neither a branch nor a tag",
                "what a pull request brings runs by its webhook, without the project's secrets");
  }
  if (!order.commit.empty() && !checkout::is_commit_id(order.commit)) {
    return fail(Error::Kind::invalid, "'" + order.commit.substr(0, 80) + "' is no commit id", "give all 40 hex digits");
  }
  store::Run run;
  run.project = project.id;
  run.event = store::Trigger::manual;
  run.ref = full_ref(ref);
  if (run.ref.starts_with("refs/heads/")) run.branch = run.ref.substr(11);
  if (run.ref.starts_with("refs/tags/")) run.tag = run.ref.substr(10);
  run.commit = order.commit;
  run.trusted = true;
  Json context = Json::object();
  context["asked_by"] = actor;  // the author is the commit's
  run.context = dump_json(context);
  run.created = now;
  Json parameters = Json::object();
  for (const auto& [name, value] : order.parameters) parameters[name] = value;
  run.parameters = dump_json(parameters);
  return run;
}

}  // namespace

awaitable<Result<RunId>> RunActions::trigger(http::TriggerOrder order, http::Actor actor) {
  auto work = [order = std::move(order), actor, now = clock_.now()](store::Transaction& tx) -> Result<RunId> {
    const Result<store::Project> project = store::Projects(tx).find(order.project);
    if (!project) return fail(project.error());
    Result<store::Run> run = run_of(order, *project, actor, now);
    if (!run) return fail(run.error());
    Result<RunId> id = store::Runs(tx).add(std::move(*run));
    if (!id) return id;
    if (Result<void> noted = audited(tx, {}, now, actor, "run.trigger", to_string(*id)); !noted)
      return fail(noted.error());
    return id;
  };
  co_return co_await store_.write(std::move(work));
}

awaitable<Result<void>> RunActions::cancel(RunId run, http::Actor actor) {
  auto work = [run, actor, now = clock_.now()](store::Transaction& tx) { return queue::cancel(tx, run, actor, now); };
  co_return co_await store_.write(std::move(work));
}

awaitable<Result<RunId>> RunActions::rerun(RunId run, bool failed_only, http::Actor actor) {
  const auto scope = failed_only ? queue::Scope::failed : queue::Scope::all;
  auto work = [run, scope, actor, now = clock_.now()](store::Transaction& tx) {
    return queue::rerun(tx, run, scope, actor, now);
  };
  co_return co_await store_.write(std::move(work));
}

awaitable<Result<void>> RunActions::approve(RunId run, http::Actor actor) {
  auto work = [run, actor, now = clock_.now()](store::Transaction& tx) { return queue::approve(tx, run, actor, now); };
  co_return co_await store_.write(std::move(work));
}

}  // namespace slipway::daemon
