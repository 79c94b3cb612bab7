#include "orchestrator/queue/requests.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/store/audit.hpp"
#include "orchestrator/store/runs.hpp"

namespace slipway::queue {

namespace {

using store::Run;

Result<void> audit(store::Transaction& tx, std::string who, std::string what, RunId run, Time at) {
  store::AuditEntry entry(at, std::move(who), std::move(what));
  entry.data = "{\"run\":" + to_string(run) + "}";
  return store::Audit(tx).add(std::move(entry));
}

/// Who asked for it is kept with what the trigger knew: the author stays that of the commit.
std::string asked_again(const std::string& context, const std::string& who) {
  const auto known = parse_json(context);
  Json with = known && known->is_object() ? *known : Json::object();
  with["rerun_by"] = who;
  return dump_json(with);
}

Run again(const Run& old, Scope scope, const std::string& who, Time at) {
  Run run;
  run.project = old.project;
  run.event = old.event;
  run.ref = old.ref;
  run.branch = old.branch;
  run.tag = old.tag;
  run.commit = old.commit;
  run.base_commit = old.base_commit;
  run.title = old.title;
  run.author = old.author;
  run.pull_request = old.pull_request;
  run.trusted = old.trusted;
  run.parameters = old.parameters;
  run.context = asked_again(old.context, who);
  run.delivery = old.delivery;
  run.created = at;
  run.rerun_of = old.id;
  run.attempt = old.attempt + 1;
  run.failed_only = scope == Scope::failed;
  return run;
}

}  // namespace

Result<RunId> rerun(store::Transaction& tx, RunId old, Scope scope, std::string who, Time at) {
  store::Runs runs(tx);
  const auto run = runs.get(old);
  if (!run) return fail(run.error());
  const std::string name = "run " + to_string(old);
  if (run->state != store::RunState::finished) {
    return fail(Error::Kind::conflict, name + " has not finished", "wait for it or cancel it first");
  }
  if (scope == Scope::failed && run->verdict == store::Verdict::passed) {
    return fail(Error::Kind::conflict, name + " passed: it has no failed jobs", "run all of it again");
  }
  const auto added = runs.add(again(*run, scope, who, at));
  if (!added) return fail(added.error());
  if (auto noted = audit(tx, std::move(who), "run.rerun", *added, at); !noted) return fail(noted.error());
  return *added;
}

Result<void> cancel(store::Transaction& tx, RunId run, std::string who, Time at) {
  if (auto cancelled = store::Runs(tx).cancel(run, who, at); !cancelled) return cancelled;
  return audit(tx, std::move(who), "run.cancel", run, at);
}

Result<void> approve(store::Transaction& tx, RunId run, std::string who, Time at) {
  if (auto approved = store::Runs(tx).approve(run, who, at); !approved) return approved;
  return audit(tx, std::move(who), "run.approve", run, at);
}

}  // namespace slipway::queue
