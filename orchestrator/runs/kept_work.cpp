#include "orchestrator/runs/kept_work.hpp"

#include <algorithm>
#include <set>

#include "orchestrator/runs/plan_mapping.hpp"
#include "orchestrator/store/images.hpp"
#include "orchestrator/store/jobs.hpp"

namespace slipway::runs {
namespace {

struct Earlier {
  std::vector<store::Job> jobs;
  std::vector<store::BuiltImage> built;
  std::vector<store::PushedImage> pushed;
};

awaitable<Result<Earlier>> read_earlier(store::Store& store, RunId run) {
  auto work = [run](store::Transaction& tx) -> Result<Earlier> {
    Result<std::vector<store::Job>> jobs = store::Jobs(tx).list(run);
    if (!jobs) return fail(jobs.error());
    Result<std::vector<store::BuiltImage>> built = store::Images(tx).built_by(run);
    if (!built) return fail(built.error());
    Result<std::vector<store::PushedImage>> pushed = store::Images(tx).pushed_by(run);
    if (!pushed) return fail(pushed.error());
    return Earlier{std::move(*jobs), std::move(*built), std::move(*pushed)};
  };
  auto reading = store.read(std::move(work));
  co_return co_await std::move(reading);
}

/// Drops built images that the engine does not have any more.
awaitable<Result<void>> keep_existing(docker::Images& engine, Earlier& earlier) {
  std::vector<store::BuiltImage> existing;
  for (store::BuiltImage& image : earlier.built) {
    auto looking = engine.inspect(image.config_id);
    const Result<docker::Image> found = co_await std::move(looking);
    if (found) existing.push_back(std::move(image));
    if (!found && found.error().kind != Error::Kind::not_found) co_return fail(found.error());
  }
  earlier.built = std::move(existing);
  co_return Result<void>();
}

Result<void> take_over(store::Transaction& tx, RunId run, const Earlier& earlier) {
  store::Images images(tx);
  for (store::BuiltImage image : earlier.built) {
    image.run = run;
    if (Result<void> done = images.built(std::move(image)); !done) return done;
  }
  for (const store::PushedImage& old : earlier.pushed) {
    const auto is_it = [&](const store::BuiltImage& image) { return image.config_id == old.config_id; };
    const bool kept = std::any_of(earlier.built.begin(), earlier.built.end(), is_it);
    if (!kept || old.state != store::PushState::pushed) continue;
    store::PushedImage push = old;
    push.run = run;
    Result<void> intended = images.intend_push(push);
    // Taken over before, by an older slipwayd that was killed then.
    if (!intended && intended.error().kind == Error::Kind::conflict) continue;
    if (!intended) return intended;
    Result<void> done = images.pushed(run, push.repository, push.tag, push.digest, push.updated);
    if (!done) return done;
  }
  return {};
}

/// A job of an image that has to be built anew says nothing about the new one, and neither does what came after such a
/// job, or after one that runs again: a deployment to staging, say, and the test of what runs there.
bool still_holds(const pipelines::PlannedJob& job, const std::set<std::string>& built,
                 const std::set<std::string>& settled) {
  const auto all_in = [](const std::vector<std::string>& names, const std::set<std::string>& set) {
    return std::all_of(names.begin(), names.end(), [&](const std::string& name) { return set.contains(name); });
  };
  return all_in(job.images, built) && all_in(job.needs, settled);
}

}  // namespace

awaitable<Result<KeptWork>> kept_work(Collaborators& with, RunContext& context) {
  KeptWork kept;
  kept.rows = job_rows(context.run.id, context.plan);
  if (!context.run.failed_only || !context.run.rerun_of) co_return kept;
  Result<Earlier> earlier = co_await read_earlier(with.store, context.run.rerun_of);
  if (!earlier) co_return fail(earlier.error());
  const Result<void> existing = co_await keep_existing(with.engine.images(), *earlier);
  if (!existing) co_return fail(existing.error());
  std::set<std::string> built;
  for (const store::BuiltImage& image : earlier->built) built.insert(image.name);
  std::set<std::string> settled;  // jobs of which this run will say what the earlier one said
  for (store::Job& row : kept.rows) {
    const auto planned = std::find_if(context.plan.jobs.begin(), context.plan.jobs.end(),
                                      [&](const pipelines::PlannedJob& job) { return job.id == row.name; });
    const bool is_build = row.kind == store::JobKind::build;
    if (!is_build && planned != context.plan.jobs.end() && planned->condition.never()) settled.insert(row.name);
    const auto same = [&](const store::Job& old) { return old.kind == row.kind && old.name == row.name; };
    const auto old = std::find_if(earlier->jobs.begin(), earlier->jobs.end(), same);
    if (old == earlier->jobs.end() || old->verdict != store::Verdict::passed) continue;
    const bool holds = is_build ? built.contains(row.name)
                                : planned != context.plan.jobs.end() && still_holds(*planned, built, settled);
    if (!holds) continue;
    if (!is_build) settled.insert(row.name);
    row.state = store::JobState::finished;
    row.verdict = store::Verdict::passed;
    row.reason = "kept from run " + to_string(context.run.rerun_of);
    row.finished = with.clock.now();
  }
  kept.take_over = [run = context.run.id, earlier = std::move(*earlier)](store::Transaction& tx) {
    return take_over(tx, run, earlier);
  };
  co_return kept;
}

}  // namespace slipway::runs
