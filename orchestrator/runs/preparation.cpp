#include "orchestrator/runs/preparation.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/log.hpp"
#include "orchestrator/runs/kept_work.hpp"
#include "orchestrator/runs/missing_secrets.hpp"
#include "orchestrator/runs/naming.hpp"
#include "orchestrator/runs/plan_mapping.hpp"
#include "orchestrator/runs/pushed_digest.hpp"
#include "orchestrator/runs/run_log.hpp"
#include "orchestrator/store/images.hpp"
#include "pipelines/triggers.hpp"

namespace slipway::runs {
namespace {

constexpr std::uint64_t kPlanLogLimit = 1 << 20;

Preparation ended(Verdict verdict, std::string reason) {
  return {nullptr, Outcome{verdict, std::move(reason)}};
}

/// What can't be had from git: a missing commit or wrong credentials is told, a server that is down is the system's.
Outcome outcome_of_checkout(const Error& error) {
  return {error.kind == Error::Kind::not_found ? Verdict::failed : Verdict::error, error.message};
}

awaitable<Result<void>> write_report(Collaborators& with, const store::Run& run, const ProjectAccess& access,
                                     std::string text) {
  logs::LogKey key(run.id, plan_log());
  auto opening = RunLog::open(with.logs, std::move(key), masks_for(access), kPlanLogLimit);
  Result<std::unique_ptr<RunLog>> log = co_await std::move(opening);
  if (!log) co_return fail(log.error());
  (*log)->say(text);
  co_await (*log)->seal();
  co_return Result<void>();
}

bool asks_for_paths(const pipelines::Triggers& on, pipelines::Event event) {
  if (event == pipelines::Event::push) return on.push && !on.push->paths.empty();
  if (event == pipelines::Event::pull_request) return on.pull_request && !on.pull_request->paths.empty();
  return false;
}

/// Many senders know only a title: what the commit says counts as well. Who runs it again knows what it says.
bool is_to_be_skipped(const store::Run& run, const checkout::CommitInfo& commit) {
  const bool skippable = run.event == store::Trigger::push || run.event == store::Trigger::pull_request;
  return skippable && !run.rerun_of && pipelines::asks_to_skip(commit.message);
}

/// What git says differs, else what the webhook said, else nothing.
awaitable<std::optional<std::vector<std::string>>> changed_paths(store::Run run, checkout::Repository& repository) {
  if (checkout::is_commit_id(run.base_commit)) {
    Result<std::vector<std::string>> paths = co_await repository.changed_paths(run.base_commit, run.commit);
    if (paths) co_return std::move(*paths);
  }
  const Result<Json> context = parse_json(run.context);
  if (!context || !value_at(*context, "changed_paths").is_array()) co_return std::nullopt;
  std::vector<std::string> told;
  for (const Json& path : value_at(*context, "changed_paths")) {
    if (path.is_string()) told.push_back(path.get<std::string>());
  }
  co_return told;
}

/// Kept at once, so that who looks for runs of the commit finds this one.
awaitable<Result<void>> resolve_commit(Collaborators& with, store::Run& run, const store::Project& project,
                                       checkout::Repository& repository) {
  Result<std::string> resolved = co_await repository.resolve(run.ref.empty() ? project.default_branch : run.ref);
  if (!resolved) co_return fail(resolved.error());
  run.commit = std::move(*resolved);
  auto describing = with.store.persist(&store::Runs::describe, run.id, run.commit, std::string(), std::string());
  const Result<void> described = co_await std::move(describing);
  if (!described) co_return fail(Error(described.error()).in("journal"));
  co_return Result<void>();
}

/// Of an annotated tag some senders know the tag's object alone. Kept at once, likewise.
awaitable<Result<void>> correct_commit(Collaborators& with, store::Run& run, std::string commit) {
  run.commit = std::move(commit);
  auto correcting = with.store.persist(&store::Runs::correct_commit, run.id, run.commit);
  const Result<void> corrected = co_await std::move(correcting);
  if (!corrected) co_return fail(Error(corrected.error()).in("journal"));
  co_return Result<void>();
}

awaitable<Result<checkout::CommitFile>> fetch_and_read(Collaborators& with, store::Run& run,
                                                       const store::Project& project,
                                                       checkout::Repository& repository) {
  if (run.commit.empty()) {
    auto resolving = resolve_commit(with, run, project, repository);
    const Result<void> resolved = co_await std::move(resolving);
    if (!resolved) co_return fail(resolved.error());
  }
  const Result<void> fetched = co_await repository.fetch(run.commit, run.ref);
  if (!fetched) co_return fail(fetched.error());
  Result<checkout::CommitFile> file = co_await repository.read(run.commit, project.settings.pipeline_file);
  if (!file || file->commit.id == run.commit) co_return file;
  auto correcting = correct_commit(with, run, file->commit.id);
  const Result<void> corrected = co_await std::move(correcting);
  if (!corrected) co_return fail(corrected.error());
  co_return file;
}

/// Kept at once, so that a rerun is of the same image, whatever the tag names then.
awaitable<Result<void>> keep_digest(Collaborators& with, store::Run& run, std::string digest) {
  const Result<Json> known = parse_json(run.context);
  Json context = known && known->is_object() ? *known : Json::object();
  context["image_digest"] = std::move(digest);
  run.context = dump_json(context);
  auto keeping = with.store.persist(&store::Runs::learn_context, run.id, run.context);
  const Result<void> kept = co_await std::move(keeping);
  if (!kept) co_return fail(Error(kept.error()).in("journal"));
  co_return Result<void>();
}

/// A registry's event has a digest, also where its sender did not tell it. Nothing, or how the run ends without.
awaitable<Result<std::optional<Outcome>>> complete_push(Collaborators& with, images::RegistryClient& registry,
                                                        store::Run& run, pipelines::Context& context,
                                                        RegistryGrants grants) {
  if (!context.registry || !context.registry->digest.empty()) co_return std::optional<Outcome>();
  const std::string pushed = context.registry->image + ":" + context.registry->tag;
  auto asking = pushed_digest(with, registry, *context.registry, std::move(grants));
  Result<std::string> digest = co_await std::move(asking);
  if (!digest) {
    const Verdict verdict = digest.error().transient() ? Verdict::error : Verdict::failed;
    const std::string reason = "the digest of " + pushed + ", which was pushed: " + digest.error().message;
    co_return std::optional<Outcome>(Outcome{verdict, reason});
  }
  context.registry->digest = *digest;
  auto keeping = keep_digest(with, run, std::move(*digest));
  const Result<void> kept = co_await std::move(keeping);
  if (!kept) co_return fail(kept.error());
  co_return std::optional<Outcome>();
}

/// What the commit says of itself, for a run that will not be planned.
awaitable<Result<Preparation>> end_described(Collaborators& with, store::Run run, checkout::CommitInfo commit,
                                             Verdict verdict, std::string reason) {
  auto describing = with.store.persist(&store::Runs::describe, run.id, run.commit, commit.subject, commit.author);
  const Result<void> described = co_await std::move(describing);
  if (!described) co_return fail(described.error());
  co_return ended(verdict, std::move(reason));
}

/// Described and started in one commit, with what it takes over of an earlier run.
awaitable<Result<void>> commit_start(Collaborators& with, const RunContext& context, checkout::CommitInfo commit,
                                     KeptWork kept) {
  auto work = [run = context.run, plan = dump_json(pipelines::to_json(context.plan)), commit = std::move(commit),
               kept = std::move(kept)](store::Transaction& tx) -> Result<void> {
    store::Runs runs(tx);
    Result<void> taken = kept.take_over ? kept.take_over(tx) : Result<void>();
    if (!taken) return taken;
    Result<void> described = runs.describe(run.id, run.commit, commit.subject, commit.author);
    if (!described) return described;
    return runs.start(run.id, plan, kept.rows, *run.deadline, *run.started);
  };
  auto starting = with.store.persist(std::move(work));
  co_return co_await std::move(starting);
}

/// From here on the run is wanted: older ones of its branch or pull request are to stop, and it begins when they have,
/// in their place. A restart meanwhile comes here again.
awaitable<Result<void>> take_place_of_older(Collaborators& with, store::Run run, const store::Project& project) {
  if (!project.settings.supersede || run.supersede_key.empty()) co_return Result<void>();
  // Most often there is none, and there will be none: what is queued from now on is newer.
  auto asking = with.store.read(&store::Runs::has_older, run.id);
  const Result<bool> any = co_await std::move(asking);
  if (!any) co_return fail(any.error());
  if (!*any) co_return Result<void>();
  auto replacing = with.store.persist(&store::Runs::replace_older, run.id, with.clock.now());
  const Result<void> replaced = co_await std::move(replacing);
  if (!replaced) co_return fail(replaced.error());
  for (bool told = false;; told = true) {
    const std::int64_t seen = with.store.newest_event();
    auto looking = with.store.read(&store::Runs::older_under_way, run.id);
    const Result<std::vector<RunId>> older = co_await std::move(looking);
    if (!older) co_return fail(older.error());
    if (older->empty()) co_return Result<void>();
    if (!told) log::info("run waits for the end of what it replaces", {{"run", run.id}, {"older", older->back()}});
    auto waiting = with.store.next_event(seen);
    co_await std::move(waiting);
  }
}

/// Planned, and nothing stands before it any more: committed as running, unless it is known to come to nothing.
awaitable<Result<Preparation>> begin_run(Collaborators& with, const Settings& settings,
                                         std::shared_ptr<RunContext> ready, checkout::CommitInfo commit) {
  ready->committed_at = commit.committed_at;
  Result<KeptWork> kept = co_await kept_work(with, *ready);
  if (!kept) co_return fail(kept.error());
  // Told before images are built for jobs that can't have what they ask for.
  if (std::string missing = missing_secrets(*ready, kept->rows); !missing.empty()) {
    auto ending = end_described(with, ready->run, std::move(commit), Verdict::failed, std::move(missing));
    co_return co_await std::move(ending);
  }
  ready->run.started = with.clock.now();
  ready->run.deadline = with.deadlines.get().now() + settings.limits.run_timeout;
  auto starting = commit_start(with, *ready, std::move(commit), std::move(*kept));
  const Result<void> started = co_await std::move(starting);
  if (!started) co_return fail(started.error());
  co_return Preparation{std::move(ready), std::nullopt};
}

awaitable<Result<Preparation>> plan_run(Collaborators& with, const Settings& settings, images::RegistryClient& registry,
                                        store::Run run, store::Project project, ProjectAccess access,
                                        checkout::Repository& repository, PlanSeen planned) {
  const std::string path = project.settings.pipeline_file;
  if (run.event == store::Trigger::manual && !run.commit.empty()) {
    const Result<bool> own = co_await repository.contains(run.ref, run.commit);
    if (!own) {
      Outcome outcome = outcome_of_checkout(own.error());
      co_return ended(outcome.verdict, std::move(outcome.reason));
    }
    if (!*own) {
      co_return ended(Verdict::failed, "commit " + run.commit.substr(0, 12) + " is not in " + run.ref +
                                           ": by hand only what the project's branches and tags have is run");
    }
  }
  const Result<checkout::CommitFile> file = co_await fetch_and_read(with, run, project, repository);
  if (!file) {
    Outcome outcome = outcome_of_checkout(file.error());
    co_return ended(outcome.verdict, std::move(outcome.reason));
  }
  if (is_to_be_skipped(run, file->commit)) {
    std::string reason = "[skip ci] in the commit's message";
    auto ending = end_described(with, std::move(run), file->commit, Verdict::skipped, std::move(reason));
    co_return co_await std::move(ending);
  }
  pipelines::ParsedPipeline parsed = pipelines::parse_pipeline(file->text, path);
  if (!parsed.pipeline) {
    const std::vector<pipelines::Diagnostic> found = parsed.diagnostics.sorted();
    const std::string report = pipelines::render(parsed.diagnostics, file->text);
    const Result<void> written = co_await write_report(with, run, access, report);
    if (!written) co_return fail(written.error());
    std::string reason = path + " has errors";
    if (!found.empty()) reason = path + ":" + std::to_string(found[0].line) + ": " + found[0].message;
    auto ending = end_described(with, std::move(run), file->commit, Verdict::failed, std::move(reason));
    co_return co_await std::move(ending);
  }
  pipelines::Context context = plan_context(run, project, file->commit);
  if (asks_for_paths(parsed.pipeline->on, context.event))
    context.changed_paths = co_await changed_paths(run, repository);
  pipelines::Decision decision = pipelines::decide(parsed.pipeline->on, context);
  if (!decision.wanted) {
    auto ending = end_described(with, std::move(run), file->commit, Verdict::skipped, std::move(decision.reason));
    co_return co_await std::move(ending);
  }
  auto completing = complete_push(with, registry, run, context, access.registries);
  Result<std::optional<Outcome>> without = co_await std::move(completing);
  if (!without) co_return fail(without.error());
  if (*without) {
    auto ending = end_described(with, std::move(run), file->commit, (*without)->verdict, std::move((*without)->reason));
    co_return co_await std::move(ending);
  }
  Result<pipelines::Plan> plan = pipelines::make_plan(*parsed.pipeline, context);
  if (!plan) {
    std::string reason = path + ": " + plan.error().message;
    auto ending = end_described(with, std::move(run), file->commit, Verdict::failed, std::move(reason));
    co_return co_await std::move(ending);
  }
  planned(*plan);
  const Result<void> placed = co_await take_place_of_older(with, run, project);
  if (!placed) co_return fail(placed.error());

  auto ready = std::make_shared<RunContext>(std::move(run), std::move(project), std::move(*plan));
  ready->access = std::move(access);
  auto beginning = begin_run(with, settings, std::move(ready), file->commit);
  co_return co_await std::move(beginning);
}

/// From the journal alone: what is under way has deadlines, and people who want to stop it, so it waits for no mirror.
Result<Preparation> take_up_run(store::Run run, store::Project project, ProjectAccess access) {
  const Result<Json> json = parse_json(run.plan);
  if (!json) return fail(Error(json.error()).in("plan in the journal"));
  Result<pipelines::Plan> plan = pipelines::plan_from_json(*json);
  if (!plan) return fail(std::move(plan.error()).in("plan in the journal"));
  auto ready = std::make_shared<RunContext>(std::move(run), std::move(project), std::move(*plan));
  ready->access = std::move(access);
  return Preparation{std::move(ready), std::nullopt};
}

}  // namespace

awaitable<Result<Preparation>> prepare_run(Collaborators& with, const Settings& settings,
                                           images::RegistryClient& registry, store::Run run, store::Project project,
                                           ProjectAccess access, checkout::Repository& repository, PlanSeen planned) {
  const RunId id = run.id;
  Result<Preparation> prepared = fail(Error::Kind::internal, "");
  if (run.state == store::RunState::running) {
    prepared = take_up_run(std::move(run), std::move(project), std::move(access));
  } else {
    auto planning = plan_run(with, settings, registry, std::move(run), std::move(project), std::move(access),
                             repository, std::move(planned));
    prepared = co_await std::move(planning);
  }
  if (!prepared || prepared->ended) co_return prepared;
  RunContext& context = *prepared->context;
  context.instance = with.store.instance();
  context.masks = masks_for(context.access);
  auto listing = with.store.read(&store::Images::built_by, id);
  const Result<std::vector<store::BuiltImage>> built = co_await std::move(listing);
  if (!built) co_return fail(built.error());
  for (const store::BuiltImage& image : *built) context.built[image.name] = image.config_id;
  co_return prepared;
}

}  // namespace slipway::runs
