#include "orchestrator/store/runs.hpp"

#include "orchestrator/store/query.hpp"
#include "orchestrator/store/timeline.hpp"

namespace slipway::store {

namespace {

constexpr std::size_t kMostRuns = 200;
constexpr std::size_t kShortestPrefix = 4;

// All but the plan, which may be large, in the order of `run_of`.
const std::string kRunColumns =
    "SELECT id, project, number, event, ref, branch, tag, commit_id, base_commit, title, author, pull_request, "
    "trusted, "
    "parameters, context, delivery, state, verdict, reason, created, started, finished, deadline, rerun_of, attempt, "
    "failed_only, cancel_requested, cancelled_by, superseded_by, supersede_key";
const std::string kSelectRuns = kRunColumns + ", '{}' FROM runs";
const std::string kSelectWholeRuns = kRunColumns + ", plan FROM runs";

Run run_of(const Row& row) {
  Run r;
  row.into(r.id, r.project, r.number, r.event, r.ref, r.branch, r.tag, r.commit, r.base_commit, r.title, r.author,
           r.pull_request, r.trusted, r.parameters, r.context, r.delivery, r.state, r.verdict, r.reason, r.created,
           r.started, r.finished, r.deadline, r.rerun_of, r.attempt, r.failed_only, r.cancel_requested, r.cancelled_by,
           r.superseded_by, r.supersede_key, r.plan);
  return r;
}

const std::string kSelectTelling = kSelectRuns + R"sql( WHERE id = (
  SELECT id FROM (
    SELECT id, state, verdict,
      row_number() OVER (PARTITION BY ref, pull_request ORDER BY verdict = 'skipped', id DESC) AS place
    FROM runs WHERE project = ?1 AND commit_id = ?2 AND event = ?3)
  WHERE place = 1
  ORDER BY CASE
    WHEN verdict IN ('failed', 'error', 'interrupted') THEN 0
    WHEN verdict IN ('cancelled', 'superseded') THEN 1
    WHEN state <> 'finished' THEN 2
    WHEN verdict = 'skipped' THEN 4
    ELSE 3 END, id DESC
  LIMIT 1))sql";

bool has_begun(RunState state) {
  return state == RunState::preparing || state == RunState::running;
}

}  // namespace

Result<RunId> Runs::add(Run run) {
  const auto next = number(tx_,
                           "UPDATE projects SET last_run = last_run + 1 WHERE id = ?1 AND removed IS NULL "
                           "RETURNING last_run",
                           {run.project});
  if (!next) return fail(Error::Kind::not_found, "no project " + to_string(run.project));
  const RunState state = run.state == RunState::waiting_approval ? run.state : RunState::queued;
  const auto added = number(
      tx_,
      "INSERT INTO runs (project, number, event, ref, branch, tag, commit_id, base_commit, title, author, "
      "pull_request, trusted, parameters, context, delivery, state, created, rerun_of, attempt, failed_only, "
      "supersede_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, "
      "?20, ?21) RETURNING id",
      {run.project,     *next,     run.event,   run.ref,          run.branch,  run.tag,         run.commit,
       run.base_commit, run.title, run.author,  run.pull_request, run.trusted, run.parameters,  run.context,
       run.delivery,    state,     run.created, run.rerun_of,     run.attempt, run.failed_only, run.supersede_key});
  const RunId id(*added);
  const auto kind = state == RunState::queued ? "run.queued" : "run.waiting_approval";
  tell(tx_, id, kind, run.created, {{"number", *next}, {"event", run.event}, {"ref", run.ref}, {"commit", run.commit}});
  return id;
}

Result<void> Runs::approve(RunId id, std::string who, Time at) {
  if (tx_.run("UPDATE runs SET state = 'queued' WHERE id = ?1 AND state = 'waiting_approval'", {id}) == 0) {
    return refuse(id, "approved");
  }
  tell(tx_, id, "run.approved", at, {{"by", who}});
  return {};
}

Result<void> Runs::prepare(RunId id, Time at) {
  if (tx_.run("UPDATE runs SET state = 'preparing', started = ?2 WHERE id = ?1 AND state = 'queued'", {id, at}) == 0) {
    return refuse(id, "started");
  }
  tell(tx_, id, "run.preparing", at);
  return {};
}

Result<void> Runs::start(RunId id, std::string plan, std::vector<Job> jobs, Time deadline, Time at) {
  if (tx_.run("UPDATE runs SET state = 'running', plan = ?2, deadline = ?3 WHERE id = ?1 AND state = 'preparing'",
              {id, plan, deadline}) == 0) {
    return refuse(id, "planned");
  }
  std::int64_t position = 0;
  for (const Job& job : jobs) {
    tx_.run(
        "INSERT INTO jobs (run, kind, name, position, state, verdict, reason, attempt, stop_reason, started, "
        "finished) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, '', ?9, ?10)",
        {id, job.kind, job.name, position++, job.state, job.verdict, clipped(job.reason), job.attempt, job.started,
         job.finished});
  }
  tell(tx_, id, "run.started", at, {{"jobs", position}});
  return {};
}

Result<void> Runs::describe(RunId id, std::string commit, std::string title, std::string author) {
  const auto changed = tx_.run(
      "UPDATE runs SET commit_id = CASE commit_id WHEN '' THEN ?2 ELSE commit_id END, "
      "title = CASE title WHEN '' THEN ?3 ELSE title END, author = CASE author WHEN '' THEN ?4 ELSE author END "
      "WHERE id = ?1 AND state <> 'finished'",
      {id, commit, clipped(title), clipped(author)});
  if (changed == 0) return refuse(id, "described");
  tx_.mark("run.described");
  return {};
}

Result<void> Runs::correct_commit(RunId id, std::string commit) {
  if (tx_.run("UPDATE runs SET commit_id = ?2 WHERE id = ?1 AND state <> 'finished'", {id, commit}) == 0) {
    return refuse(id, "described");
  }
  tx_.mark("run.described");
  return {};
}

Result<void> Runs::learn_context(RunId id, std::string context) {
  if (tx_.run("UPDATE runs SET context = ?2 WHERE id = ?1 AND state <> 'finished'", {id, context}) == 0) {
    return refuse(id, "described");
  }
  tx_.mark("run.described");
  return {};
}

Result<void> Runs::finish(RunId id, Verdict verdict, std::string reason, Time at) {
  const auto run = get(id);
  if (!run) return fail(run.error());
  if (run->state == RunState::finished) return refuse(id, "finished");
  const bool superseded = verdict == Verdict::cancelled && run->superseded_by;
  const Verdict last = superseded ? Verdict::superseded : verdict;
  tx_.run("UPDATE runs SET state = 'finished', verdict = ?2, reason = ?3, finished = ?4 WHERE id = ?1",
          {id, last, clipped(reason), at});
  forget_former_secrets(run->project);
  tell(tx_, id, "run.finished", at, {{"verdict", last}, {"reason", reason}});
  return {};
}

/// Those that no run under way can have been given.
void Runs::forget_former_secrets(ProjectId project) {
  tx_.run(
      "DELETE FROM former_secrets WHERE project = ?1 AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.project = ?1 "
      "AND r.id <= former_secrets.last_run AND r.state <> 'finished' AND r.state IN ('preparing', 'running'))",
      {project});
}

std::string stop_reason(const Run& run) {
  return (run.superseded_by ? "superseded by " : "cancelled by ") + run.cancelled_by;
}

Result<void> Runs::cancel(RunId id, std::string who, Time at) {
  return stop(id, RunId(), std::move(who), at);
}

Result<void> Runs::supersede(RunId id, RunId newer, Time at) {
  const auto by = get(newer);
  if (!by) return fail(by.error());
  return stop(id, newer, "run " + to_string(newer), at);
}

Result<void> Runs::replace_older(RunId newer, Time at) {
  const auto by = get(newer);
  if (!by) return fail(by.error());
  if (by->cancel_requested) return {};
  for (const Run& older : older_than(*by)) {
    if (auto done = supersede(older.id, newer, at); !done) return done;
  }
  return {};
}

Result<bool> Runs::has_older(RunId newer) const {
  const auto by = get(newer);
  if (!by) return fail(by.error());
  return !older_than(*by).empty();
}

Result<std::vector<RunId>> Runs::older_under_way(RunId newer) const {
  const auto by = get(newer);
  if (!by) return fail(by.error());
  std::vector<RunId> found;
  for (const Run& older : older_than(*by)) {
    if (has_begun(older.state)) found.push_back(older.id);
  }
  return found;
}

std::vector<Run> Runs::older_than(const Run& newer) const {
  if (newer.supersede_key.empty()) return {};
  return rows(
      tx_, kSelectRuns + " WHERE state <> 'finished' AND project = ?1 AND supersede_key = ?2 AND id < ?3 ORDER BY id",
      {newer.project, newer.supersede_key, newer.id}, run_of);
}

Result<void> Runs::stop(RunId id, RunId newer, std::string who, Time at) {
  auto run = get(id);
  if (!run) return fail(run.error());
  if (run->state == RunState::finished) return refuse(id, "cancelled");
  if (run->cancel_requested) return {};
  tx_.run("UPDATE runs SET cancel_requested = ?2, cancelled_by = ?3, superseded_by = ?4 WHERE id = ?1",
          {id, at, clipped(who), newer});
  tell(tx_, id, "run.cancelling", at, {{"by", who}});
  if (has_begun(run->state)) return {};
  run->superseded_by = newer;
  run->cancelled_by = std::move(who);
  return finish(id, Verdict::cancelled, stop_reason(*run), at);
}

Result<void> Runs::refuse(RunId id, std::string_view wish) const {
  const auto run = get(id);
  if (!run) return fail(run.error());
  return fail(Error::Kind::conflict, "run " + to_string(id) + " is " + std::string(name_of(run->state)) +
                                         " and can't be " + std::string(wish));
}

Result<Run> Runs::get(RunId id) const {
  return one(tx_, kSelectWholeRuns + " WHERE id = ?1", {id}, run_of, "run " + to_string(id));
}

Result<Run> Runs::find(ProjectId project, std::int64_t run) const {
  return one(tx_, kSelectWholeRuns + " WHERE project = ?1 AND number = ?2", {project, run}, run_of,
             "run " + std::to_string(run) + " of this project");
}

Result<Run> Runs::telling(ProjectId project, std::string commit, Trigger event) const {
  return one(tx_, kSelectTelling, {project, commit, event}, run_of, "a run of commit " + commit);
}

Result<Page<Run>> Runs::list(RunFilter filter) const {
  Query query(kSelectRuns);
  const std::string past_prefix = filter.commit + "g";  // the digits end with f
  if (filter.before) query.where("id < ?", filter.before);
  if (filter.project) query.where("project = ?", filter.project);
  if (!filter.branch.empty()) query.where("branch = ?", filter.branch);
  if (!filter.commit.empty()) {
    if (filter.commit.size() < kShortestPrefix) {
      return fail(Error::Kind::invalid, "commit '" + filter.commit + "' is too short", "give four digits or more");
    }
    query.where("commit_id >= ?", filter.commit);
    query.where("commit_id < ?", past_prefix);
  }
  if (filter.event) query.where("event = ?", *filter.event);
  if (filter.state) query.where("state = ?", *filter.state);
  if (filter.verdict) query.where("verdict = ?", *filter.verdict);
  return page(tx_, std::move(query), " ORDER BY id DESC", std::min(filter.limit, kMostRuns), run_of,
              [](const Run& run) { return run.id.value; });
}

Result<std::vector<Run>> Runs::unfinished() const {
  return rows(tx_, kSelectRuns + " WHERE state <> 'finished' ORDER BY id", {}, run_of);
}

}  // namespace slipway::store
