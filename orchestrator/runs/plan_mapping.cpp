#include "orchestrator/runs/plan_mapping.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/runs/missing_secrets.hpp"

namespace slipway::runs {
namespace {

using Variables = std::map<std::string, std::string>;

template <class Items, class Key>
std::map<std::string, std::size_t> places_of(const Items& items, Key key) {
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < items.size(); ++i) places.emplace(items[i].*key, i);
  return places;
}

/// What every step can rely on, whatever the file says.
Variables run_variables(const RunContext& context, const pipelines::PlannedJob& job, int attempt) {
  const store::Run& run = context.run;
  return {{"CI", "true"},
          {"SLIPWAY", "true"},
          {"SLIPWAY_PROJECT", context.project.name},
          {"SLIPWAY_RUN", std::to_string(run.number)},
          {"SLIPWAY_RUN_ID", to_string(run.id)},
          {"SLIPWAY_EVENT", std::string(store::name_of(run.event))},
          {"SLIPWAY_COMMIT", run.commit},
          {"SLIPWAY_REF", run.ref},
          {"SLIPWAY_BRANCH", run.branch},
          {"SLIPWAY_TAG", run.tag},
          {"SLIPWAY_JOB", job.id},
          {"SLIPWAY_ATTEMPT", std::to_string(attempt)},
          {"SLIPWAY_WORKSPACE", std::string(kWorkspace)}};
}

/// As many as the project has: `missing_secrets` tells of the others.
void add_secrets(Variables& env, const std::vector<pipelines::SecretUse>& uses, const ProjectAccess& access) {
  for (const pipelines::SecretUse& use : uses) {
    const auto secret = access.secrets.find(use.secret);
    if (secret != access.secrets.end()) env[use.variable] = secret->second.reveal();
  }
}

Result<ImageUse> image_use(const RunContext& context, const pipelines::PlannedImageUse& use) {
  if (use.built.empty()) return ImageUse{use.reference, false, !context.access.registries.cover(use.reference)};
  const auto built = context.built.find(use.built);
  if (built == context.built.end()) return fail(Error::Kind::internal, "image '" + use.built + "' has not been built");
  return ImageUse{built->second, true, false};
}

ResourceLimits limits_of(const pipelines::Limits& asked, const Settings& settings) {
  ResourceLimits limits{settings.cpus, settings.memory_bytes, settings.pids};
  if (asked.milli_cpus > 0) limits.cpus = static_cast<double>(asked.milli_cpus) / 1000;
  if (asked.memory_bytes > 0) limits.memory_bytes = asked.memory_bytes;
  if (asked.pids > 0) limits.pids = asked.pids;
  return limits;
}

Result<StepSpec> step_spec(const RunContext& context, const pipelines::PlannedStep& planned, Variables env) {
  StepSpec step;
  step.name = planned.name;
  Result<ImageUse> image = image_use(context, planned.image);
  if (!image) return fail(image.error());
  step.image = std::move(*image);
  step.commands = planned.commands;
  step.workdir = planned.workdir;
  for (const auto& [name, value] : planned.env) env[name] = value;
  add_secrets(env, planned.secrets, context.access);
  step.env = std::move(env);
  step.env.emplace("SLIPWAY_STEP", planned.name);
  return step;
}

Result<ServiceSpec> service_spec(const RunContext& context, const pipelines::PlannedService& planned,
                                 const Settings& settings) {
  ServiceSpec service;
  service.name = planned.name;
  Result<ImageUse> image = image_use(context, planned.image);
  if (!image) return fail(image.error());
  service.image = std::move(*image);
  service.command = planned.command;
  service.env = planned.env;
  add_secrets(service.env, planned.secrets, context.access);
  service.ready = planned.ready;
  service.limits = limits_of(planned.limits, settings);
  return service;
}

/// Without its steps and services.
JobOrder bare_order(const RunContext& context, const pipelines::PlannedJob& job, int attempt, Time deadline,
                    const Settings& settings) {
  JobOrder order(AttemptName(context.instance, context.run.id, job.id, attempt));
  order.limits = limits_of(job.limits, settings);
  order.offline = job.network == pipelines::Network::offline;
  order.masks = context.masks;
  order.log_limit = settings.log_limit;
  order.grace = settings.grace;
  order.deadline = deadline;
  return order;
}

pipelines::Event event_of(store::Trigger trigger) {
  switch (trigger) {
    case store::Trigger::push:
      return pipelines::Event::push;
    case store::Trigger::tag:
      return pipelines::Event::tag;
    case store::Trigger::pull_request:
      return pipelines::Event::pull_request;
    case store::Trigger::registry:
      return pipelines::Event::registry;
    default:
      return pipelines::Event::manual;
  }
}

}  // namespace

Graph graph_of(const pipelines::Plan& plan) {
  Graph graph;
  for (const pipelines::PlannedImage& image : plan.images) graph.images.push_back({image.name});
  const auto images = places_of(plan.images, &pipelines::PlannedImage::name);
  const auto jobs = places_of(plan.jobs, &pipelines::PlannedJob::id);
  for (const pipelines::PlannedJob& planned : plan.jobs) {
    JobNode node;
    node.key = planned.id;
    for (const std::string& need : planned.needs) node.needs.push_back(jobs.at(need));
    for (const std::string& image : planned.images) node.images.push_back(images.at(image));
    // A push or a deployment follows success alone, also by a plan that an older slipwayd has made and kept.
    const bool stays_inside = planned.kind == pipelines::PlannedJob::Kind::run;
    node.condition = {planned.condition.after_success, stays_inside && planned.condition.after_failure,
                      stays_inside && planned.condition.after_skip};
    node.never = planned.condition.reason;
    node.retry = {planned.retry.max, planned.retry.on_failure, planned.retry.on_interrupted};
    node.timeout = planned.timeout;
    node.rolls_out = planned.kind == pipelines::PlannedJob::Kind::deploy;
    graph.jobs.push_back(std::move(node));
  }
  return graph;
}

std::vector<store::Job> job_rows(RunId run, const pipelines::Plan& plan) {
  std::vector<store::Job> rows;
  const auto add = [&](const std::string& name, store::JobKind kind) {
    store::Job row;
    row.run = run;
    row.name = name;
    row.kind = kind;
    row.position = static_cast<std::int64_t>(rows.size());
    rows.push_back(std::move(row));
  };
  for (const pipelines::PlannedImage& image : plan.images) add(image.name, store::JobKind::build);
  for (const pipelines::PlannedJob& job : plan.jobs) {
    using Kind = pipelines::PlannedJob::Kind;
    add(job.id, job.kind == Kind::push     ? store::JobKind::push
                : job.kind == Kind::deploy ? store::JobKind::deploy
                                           : store::JobKind::run);
  }
  return rows;
}

Result<JobOrder> job_order(const RunContext& context, const pipelines::PlannedJob& job, int attempt, Time deadline,
                           const Settings& settings) {
  JobOrder order = bare_order(context, job, attempt, deadline, settings);
  order.unmet = missing_secrets(context, job);
  const Variables env = run_variables(context, job, attempt);
  for (const pipelines::PlannedStep& planned : job.steps) {
    Result<StepSpec> step = step_spec(context, planned, env);
    if (!step) return fail(std::move(step.error()).in("step '" + planned.name + "'"));
    order.steps.push_back(std::move(*step));
  }
  for (const pipelines::PlannedService& planned : job.services) {
    Result<ServiceSpec> service = service_spec(context, planned, settings);
    if (!service) return fail(std::move(service.error()).in("service '" + planned.name + "'"));
    order.services.push_back(std::move(*service));
  }
  return order;
}

JobOrder order_to_end(const RunContext& context, const pipelines::PlannedJob& job, int attempt, Time deadline,
                      const Settings& settings, const Error& why) {
  JobOrder order = bare_order(context, job, attempt, deadline, settings);
  for (const pipelines::PlannedStep& planned : job.steps) order.steps.emplace_back().name = planned.name;
  for (const pipelines::PlannedService& planned : job.services) order.services.emplace_back().name = planned.name;
  order.unmet = missing_secrets(context, job);
  order.broken = why.message;
  return order;
}

pipelines::Context plan_context(const store::Run& run, const store::Project& project,
                                const checkout::CommitInfo& commit) {
  pipelines::Context context;
  context.project = project.name;
  context.event = event_of(run.event);
  context.ref = run.ref;
  context.branch = run.branch;
  context.tag = run.tag;
  context.commit = {run.commit, commit.message, commit.author};
  const Result<Json> known = parse_json(run.context);
  const Json extra = known ? *known : Json::object();
  if (run.event == store::Trigger::pull_request) {
    pipelines::PullRequest request;
    request.number = run.pull_request;
    request.from_fork = !run.trusted;
    request.base = run.branch;
    request.head = text_at(extra, "head_branch");
    context.branch = request.head;
    context.pull_request = std::move(request);
  }
  if (run.event == store::Trigger::registry) {
    context.registry =
        pipelines::RegistryPush{text_at(extra, "image"), text_at(extra, "image_tag"), text_at(extra, "image_digest")};
  }
  if (const Result<Json> given = parse_json(run.parameters); given && given->is_object()) {
    for (const auto& [name, value] : given->items()) {
      context.parameters[name] = value.is_string() ? value.get<std::string>() : value.dump();
    }
  }
  return context;
}

std::map<std::string, std::vector<std::string>> planned_steps(const std::string& plan) {
  std::map<std::string, std::vector<std::string>> names;
  const Result<Json> json = parse_json(plan);
  if (!json) return names;
  const Result<pipelines::Plan> parsed = pipelines::plan_from_json(*json);
  if (!parsed) return names;
  for (const pipelines::PlannedJob& job : parsed->jobs) {
    std::vector<std::string>& of_job = names[job.id];
    for (const pipelines::PlannedStep& step : job.steps) of_job.push_back(step.name);
    for (const pipelines::PlannedService& service : job.services) of_job.push_back(service.name);
  }
  return names;
}

store::Verdict stored(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return store::Verdict::passed;
    case Verdict::failed:
      return store::Verdict::failed;
    case Verdict::error:
      return store::Verdict::error;
    case Verdict::interrupted:
      return store::Verdict::interrupted;
    case Verdict::cancelled:
      return store::Verdict::cancelled;
    case Verdict::skipped:
      return store::Verdict::skipped;
  }
  return store::Verdict::error;
}

Verdict verdict_of(store::Verdict verdict) {
  switch (verdict) {
    case store::Verdict::passed:
      return Verdict::passed;
    case store::Verdict::failed:
      return Verdict::failed;
    case store::Verdict::interrupted:
      return Verdict::interrupted;
    case store::Verdict::cancelled:
    case store::Verdict::superseded:
      return Verdict::cancelled;
    case store::Verdict::skipped:
      return Verdict::skipped;
    default:
      return Verdict::error;
  }
}

std::shared_ptr<const logs::MaskPatterns> masks_for(const ProjectAccess& access) {
  std::vector<Secret> secrets;
  secrets.reserve(access.secrets.size() + access.former_secrets.size() + 1);
  for (const auto& [name, secret] : access.secrets) secrets.push_back(secret);
  secrets.insert(secrets.end(), access.former_secrets.begin(), access.former_secrets.end());
  secrets.push_back(access.git.password);
  return std::make_shared<const logs::MaskPatterns>(secrets);
}

}  // namespace slipway::runs
