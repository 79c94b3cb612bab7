#include "orchestrator/queue/requests.hpp"

#include "orchestrator/store/audit.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::queue;
using namespace slipway::store;

namespace {

Result<RunId> rerun(TemporaryStore& s, RunId old, Scope scope) {
  return s.write([old, scope](Transaction& tx) { return queue::rerun(tx, old, scope, "ann", kNoon); });
}

std::vector<std::string> audited(TemporaryStore& s) {
  std::vector<std::string> all;
  const auto page = s.read(&Audit::list, 0, 10).value();
  for (const AuditEntry& entry : page.items) all.push_back(entry.what + " " + entry.data);
  return all;
}

}  // namespace

TEST_CASE("a rerun is a new run of the same thing") {
  TemporaryStore s;
  const RunId old = add_run(s, add_project(s));
  REQUIRE(s.write(&Runs::finish, old, Verdict::failed, "unit failed", kNoon));
  const RunId again = rerun(s, old, Scope::all).value();
  const Run run = s.read(&Runs::get, again).value();
  CHECK(run.state == RunState::queued);
  CHECK(run.number == 2);
  CHECK(run.commit == "0123456789abcdef");
  CHECK(run.event == Trigger::push);
  CHECK(run.rerun_of == old);
  CHECK(run.attempt == 2);
  CHECK(run.context == R"({"rerun_by":"ann"})");
  CHECK_FALSE(run.failed_only);
  CHECK(s.read(&Runs::get, old)->verdict == Verdict::failed);
  CHECK(audited(s) == std::vector<std::string>{"run.rerun {\"run\":2}"});
}

TEST_CASE("failed jobs can be run again only of a run that has finished and did not pass") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const RunId old = add_run(s, project);
  CHECK(rerun(s, old, Scope::failed).error().kind == Error::Kind::conflict);
  REQUIRE(s.write(&Runs::finish, old, Verdict::passed, "", kNoon));
  CHECK(rerun(s, old, Scope::failed).error().kind == Error::Kind::conflict);
  CHECK(rerun(s, old, Scope::all));

  const RunId failed = add_run(s, project);
  REQUIRE(s.write(&Runs::finish, failed, Verdict::interrupted, "", kNoon));
  const RunId again = rerun(s, failed, Scope::failed).value();
  CHECK(s.read(&Runs::get, again)->failed_only);
  CHECK(rerun(s, RunId(99), Scope::all).error().kind == Error::Kind::not_found);
}

TEST_CASE("who asks for a rerun is told of the run by its id") {
  TemporaryStore s;
  add_run(s, add_project(s, "shop"));
  const RunId queued = add_run(s, add_project(s, "blog"));
  CHECK(rerun(s, queued, Scope::all).error().message == "run 2 has not finished");
}

TEST_CASE("cancelling and approving are refused or done together with their line in the audit trail") {
  TemporaryStore s;
  const RunId run = add_run(s, add_project(s));
  const auto approve = [run](Transaction& tx) { return queue::approve(tx, run, "ann", kNoon); };
  const auto cancel = [run](Transaction& tx) { return queue::cancel(tx, run, "ann", kNoon); };
  CHECK(s.write(approve).error().kind == Error::Kind::conflict);
  CHECK(audited(s).empty());
  REQUIRE(s.write(cancel));
  CHECK(s.write(cancel).error().kind == Error::Kind::conflict);
  CHECK(audited(s) == std::vector<std::string>{"run.cancel {\"run\":1}"});
}
