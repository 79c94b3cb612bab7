#include "pipelines/planner.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "pipelines/job_graph.hpp"
#include "pipelines/names.hpp"
#include "pipelines/parameter_values.hpp"

namespace slipway::pipelines {
namespace {
constexpr std::size_t longest_id = 63;

/// Lower case, what can't be in a container's name a `-`.
std::string id_part(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool kept = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || lower == '.' || lower == '_';
    out += kept ? lower : '-';
  }
  return out;
}

std::string display_name(const JobRecipe& recipe, const MatrixRow& row) {
  std::string values;
  for (const std::string& key : recipe.matrix_keys) {
    const auto found = row.find(key);
    if (found != row.end()) values += (values.empty() ? "" : ", ") + found->second;
  }
  return values.empty() ? recipe.name : fmt::format("{} ({})", recipe.name, values);
}

void insert_sorted(std::vector<std::string>& names, const std::string& name) {
  const auto at = std::lower_bound(names.begin(), names.end(), name);
  if (at == names.end() || *at != name) names.insert(at, name);
}

/// A step's own variables win over the job's, be they values or secrets.
void override_with(const Environment& env, const std::vector<SecretUse>& secrets, PlannedStep& step) {
  for (const auto& [name, value] : env) {
    std::erase_if(step.secrets, [&](const SecretUse& secret) { return secret.variable == name; });
    step.env.insert_or_assign(name, value);
  }
  for (const SecretUse& secret : secrets) {
    step.env.erase(secret.variable);
    std::erase_if(step.secrets, [&](const SecretUse& other) { return other.variable == secret.variable; });
    step.secrets.push_back(secret);
  }
}

PlannedJob::Kind kind_of(const JobRecipe& recipe) {
  if (std::holds_alternative<PushWork>(recipe.work)) return PlannedJob::Kind::push;
  return std::holds_alternative<DeployWork>(recipe.work) ? PlannedJob::Kind::deploy : PlannedJob::Kind::run;
}
}  // namespace

Planner::Planner(const Pipeline& pipeline, const Context& context, const std::map<std::string, std::string>& parameters)
    : pipeline_(pipeline), context_(context), texts_(context, parameters), standard_(standard_environment(context)) {
  // A job without a matrix keeps its name as its id, whatever the rows of another one are called.
  for (const JobRecipe& recipe : pipeline.jobs) {
    if (recipe.matrix_keys.empty()) ids_.insert(recipe.name);
  }
}

Result<Plan> Planner::plan() {
  Plan plan;
  for (const ImageRecipe& recipe : pipeline_.images) {
    auto planned = image(recipe);
    if (!planned) return fail(planned.error().in(fmt::format("image {}", recipe.name)));
    plan.images.push_back(std::move(*planned));
  }
  for (const JobRecipe& recipe : pipeline_.jobs) {
    for (const MatrixRow& row : recipe.rows) {
      auto planned = job(recipe, row);
      if (!planned) return fail(planned.error().in(fmt::format("job {}", recipe.name)));
      ids_of_[recipe.name].push_back(planned->id);
      plan.jobs.push_back(std::move(*planned));
    }
  }
  return plan;
}

Result<PlannedImage> Planner::image(const ImageRecipe& recipe) {
  auto args = texts_.evaluate(recipe.args);
  if (!args) return fail(args.error());
  auto labels = texts_.evaluate(recipe.labels);
  if (!labels) return fail(labels.error());
  return PlannedImage{recipe.name,   recipe.context,   recipe.dockerfile,
                      recipe.target, std::move(*args), std::move(*labels)};
}

Result<PlannedJob> Planner::job(const JobRecipe& recipe, const MatrixRow& row) {
  texts_.use(row);
  PlannedJob planned;
  planned.id = id_for(recipe, row);
  planned.display = display_name(recipe, row);
  planned.name = recipe.name;
  planned.kind = kind_of(recipe);
  planned.matrix = row;
  planned.timeout = recipe.timeout;
  planned.retry = recipe.retry;
  for (const std::string& need : recipe.needs) {
    const std::vector<std::string>& ids = ids_of_[need];
    planned.needs.insert(planned.needs.end(), ids.begin(), ids.end());
  }
  planned.condition = condition(recipe, planned.kind);
  if (planned.condition.never()) return planned;
  const Result<void> done = std::visit([&](const auto& what) { return work(what, planned); }, recipe.work);
  if (!done) return fail(done.error());
  return planned;
}

PlannedCondition Planner::condition(const JobRecipe& recipe, PlannedJob::Kind kind) const {
  PlannedCondition planned;
  if (recipe.condition) planned.text = recipe.condition->source;
  const bool gets_out = kind != PlannedJob::Kind::run;
  if (gets_out && from_fork()) {
    planned.after_success = false;
    planned.reason =
        fmt::format("a pull request from a fork never {}", kind == PlannedJob::Kind::push ? "pushes" : "deploys");
    return planned;
  }
  if (!recipe.condition) return planned;
  // Without a question about the status, success is what everybody means.
  const bool implied = !recipe.condition->asks_for_status();
  const auto holds = [&](Before before) {
    return (!implied || before == Before::succeeded) && texts_.holds(*recipe.condition, before);
  };
  planned.after_success = holds(Before::succeeded);
  // Whatever its `if` says: an image whose tests did not pass must not get out.
  planned.after_failure = !gets_out && holds(Before::failed);
  planned.after_skip = !gets_out && holds(Before::skipped);
  if (planned.never()) planned.reason = fmt::format("its `if` is false: {}", planned.text);
  return planned;
}

Result<void> Planner::work(const RunWork& recipe, PlannedJob& planned) {
  planned.network = recipe.network;
  planned.limits = recipe.limits;
  for (const std::string& name : recipe.services) {
    const auto found = std::find_if(pipeline_.services.begin(), pipeline_.services.end(),
                                    [&](const Service& one) { return one.name == name; });
    auto made = service(*found, planned);
    if (!made) return fail(made.error().in(fmt::format("service {}", name)));
    planned.services.push_back(std::move(*made));
  }
  for (const StepRecipe& one : recipe.steps) {
    auto made = step(one, recipe, planned);
    if (!made) return fail(made.error());
    planned.steps.push_back(std::move(*made));
  }
  return {};
}

Result<PlannedStep> Planner::step(const StepRecipe& recipe, const RunWork& around, PlannedJob& job) {
  PlannedStep planned;
  planned.name = recipe.name;
  planned.workdir = recipe.workdir.empty() ? around.workdir : recipe.workdir;
  auto image = use(recipe.image ? *recipe.image : *around.image, job);
  if (!image) return fail(image.error());
  planned.image = std::move(*image);
  for (const Template& command : recipe.run) {
    auto text = texts_.evaluate(command, "the command");
    if (!text) return fail(text.error());
    planned.commands.push_back(std::move(*text));
  }
  planned.env = standard_;
  planned.env["SLIPWAY_JOB"] = job.id;
  planned.env["SLIPWAY_STEP"] = recipe.name;
  for (const auto& [name, value] : standard_) {
    if (auto counted = texts_.spend(name.size() + value.size()); !counted) return fail(counted.error());
  }
  auto env = texts_.evaluate(around.env);
  if (!env) return fail(env.error());
  auto own = texts_.evaluate(recipe.env);
  if (!own) return fail(own.error());
  override_with(*env, secrets(around.secrets, job), planned);
  override_with(*own, secrets(recipe.secrets, job), planned);
  return planned;
}

Result<PlannedService> Planner::service(const Service& recipe, PlannedJob& job) {
  PlannedService planned;
  planned.name = recipe.name;
  planned.ready = recipe.ready;
  planned.limits = recipe.limits;
  auto image = use(recipe.image, job);
  if (!image) return fail(image.error());
  planned.image = std::move(*image);
  for (const Template& word : recipe.command) {
    auto text = texts_.evaluate(word, "the command");
    if (!text) return fail(text.error());
    planned.command.push_back(std::move(*text));
  }
  auto env = texts_.evaluate(recipe.env);
  if (!env) return fail(env.error());
  planned.env = std::move(*env);
  planned.secrets = secrets(recipe.secrets, job);
  return planned;
}

Result<PlannedImageUse> Planner::use(const ImageChoice& choice, PlannedJob& job) {
  if (!choice.built.empty()) {
    insert_sorted(job.images, choice.built);
    return PlannedImageUse{choice.built, {}};
  }
  auto reference = texts_.evaluate(choice.reference, "the image", check_reference);
  if (!reference) return fail(reference.error());
  return PlannedImageUse{{}, std::move(*reference)};
}

std::vector<SecretUse> Planner::secrets(const std::vector<SecretUse>& wanted, PlannedJob& job) const {
  if (!from_fork()) return wanted;
  job.secrets_withheld = job.secrets_withheld || !wanted.empty();
  return {};
}

Result<void> Planner::work(const PushWork& recipe, PlannedJob& planned) {
  PlannedPush push;
  push.image = recipe.image;
  insert_sorted(planned.images, recipe.image);
  auto to = texts_.evaluate(recipe.to, "the repository", check_repository);
  if (!to) return fail(to.error());
  push.to = std::move(*to);
  for (const Template& text : recipe.tags) {
    auto tag = texts_.evaluate(text, "the tag", check_tag);
    if (!tag) return fail(tag.error());
    if (std::find(push.tags.begin(), push.tags.end(), *tag) == push.tags.end()) push.tags.push_back(std::move(*tag));
  }
  planned.push = std::move(push);
  return {};
}

Result<void> Planner::work(const DeployWork& recipe, PlannedJob& planned) {
  PlannedDeploy deploy;
  deploy.file = recipe.file;
  for (const auto& [service, image] : recipe.images) {
    deploy.images.push_back({service, image, push_before(planned.name, image)});
  }
  if (!recipe.group.parts.empty()) {
    auto group = texts_.evaluate(recipe.group, "the group", check_group);
    if (!group) return fail(group.error());
    deploy.group = std::move(*group);
  }
  if (!recipe.application.parts.empty()) {
    auto application = texts_.evaluate(recipe.application, "the application", check_application);
    if (!application) return fail(application.error());
    deploy.application = std::move(*application);
  }
  planned.deploy = std::move(deploy);
  return {};
}

/// The one job that pushes `image` before `job`; that there is exactly one was checked when the file was read. A push
/// has no matrix, so its id is its name.
std::string Planner::push_before(const std::string& job, const std::string& image) const {
  const auto at =
      std::find_if(pipeline_.jobs.begin(), pipeline_.jobs.end(), [&](const JobRecipe& one) { return one.name == job; });
  for (const std::size_t before :
       JobGraph(pipeline_.jobs).ancestors(static_cast<std::size_t>(at - pipeline_.jobs.begin()))) {
    const auto* push = std::get_if<PushWork>(&pipeline_.jobs[before].work);
    if (push != nullptr && push->image == image) return pipeline_.jobs[before].name;
  }
  return {};
}

std::string Planner::id_for(const JobRecipe& recipe, const MatrixRow& row) {
  if (recipe.matrix_keys.empty()) return recipe.name;
  std::string base = recipe.name;
  for (const std::string& key : recipe.matrix_keys) {
    const auto found = row.find(key);
    if (found != row.end()) base += "-" + id_part(found->second);
  }
  std::string id = base.substr(0, longest_id);
  for (int number = 2; !ids_.insert(id).second; ++number) {
    const std::string suffix = fmt::format("-{}", number);
    id = base.substr(0, longest_id - suffix.size()) + suffix;
  }
  return id;
}

Result<Plan> make_plan(const Pipeline& pipeline, const Context& given) {
  const Result<Context> context = cleaned(given);
  if (!context) return fail(context.error());
  const auto parameters = parameter_values(pipeline.parameters, context->parameters);
  if (!parameters) return fail(parameters.error());
  return Planner(pipeline, *context, *parameters).plan();
}

}  // namespace slipway::pipelines
