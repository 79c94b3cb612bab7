// What a job does: run commands, push an image, or deploy.
#include <algorithm>

#include <fmt/format.h>

#include "pipelines/decoding.hpp"
#include "pipelines/names.hpp"

namespace slipway::pipelines {
namespace {
const std::vector<std::string_view> network_names{"none", "default"};

std::string read_workdir(const YamlNode& node, const Decoding& decoding) {
  const auto text = read_text(node, "`workdir`", decoding.diagnostics);
  if (!text || !decoding.check(check_workdir(*text), node.at, "the folder", *text)) return {};
  if (text->find("${{") == std::string::npos) return *text;
  decoding.diagnostics.error(node.at, "`workdir` can't hold an expression", *text, "write the folder out");
  return {};
}

std::vector<Template> read_commands(const YamlNode& node, const Decoding& decoding, const Scope& scope) {
  TemplateRule rule;
  rule.text.limit = bounds::command_bytes;
  rule.script = true;
  std::size_t bytes = node.text.size();
  for (const YamlNode& item : node.items) bytes += item.text.size();
  if (bytes > bounds::script_bytes) {
    decoding.diagnostics.error(node.at,
                               fmt::format("the commands of a step have more than {} bytes", bounds::script_bytes), {},
                               "put them into a file of the checkout and run that");
  }
  return read_templates(node, "`run`", bounds::commands, decoding, scope, rule);
}

void refuse_privileges(MapReader& map) {
  map.foreign("privileged", "a pipeline's containers are never privileged");
  map.foreign("volumes", "nothing of the host is given to a pipeline's containers");
  map.foreign("environment", "write `env`");
  map.foreign("commands", "write `run`");
  map.foreign("script", "write `run`");
  map.foreign("uses", "there are no actions: write the commands under `run`, in an image that has what they need");
  map.foreign("with", "there are no actions: write the commands under `run`, in an image that has what they need");
}

StepRecipe read_step(const YamlNode& node, std::size_t number, const Decoding& decoding, const Scope& scope) {
  StepRecipe step;
  step.name = fmt::format("step-{}", number);
  MapReader map(node, fmt::format("step {}", number), decoding.diagnostics);
  if (const YamlNode* value = map.find("name")) {
    step.name = read_name(*value, "the step", decoding).value_or(step.name);
  }
  if (const YamlNode* value = map.find("image")) step.image = read_image_choice(*value, "the image", decoding, scope);
  if (const YamlNode* value = map.require("run", "run: [make]")) step.run = read_commands(*value, decoding, scope);
  if (const YamlNode* value = map.find("env")) step.env = read_env(*value, "`env`", decoding, scope);
  if (const YamlNode* value = map.find("secrets")) step.secrets = read_secrets(*value, "`secrets`", decoding);
  if (const YamlNode* value = map.find("workdir")) step.workdir = read_workdir(*value, decoding);
  check_variables_apart(step.env, step.secrets, node, decoding);
  refuse_privileges(map);
  map.foreign("if", "a condition is for a whole job: make this step a job of its own");
  map.foreign("timeout", "the timeout is for the whole job");
  map.finish();
  return step;
}

std::vector<StepRecipe> read_steps(const YamlNode& node, const Decoding& decoding, const Scope& scope) {
  std::vector<StepRecipe> steps;
  if (!node.is_list() || node.items.empty() || node.items.size() > bounds::steps) {
    const bool many = node.is_list() && !node.items.empty();
    decoding.diagnostics.error(
        node.at,
        many ? fmt::format("`steps` has {} entries; at most {} are allowed", node.items.size(), bounds::steps)
             : "`steps` must be a list with at least one step",
        node.text, many ? "" : "write `- run: [make]`");
    return steps;
  }
  for (const YamlNode& item : node.items) {
    StepRecipe step = read_step(item, steps.size() + 1, decoding, scope);
    const bool taken =
        std::any_of(steps.begin(), steps.end(), [&](const StepRecipe& other) { return other.name == step.name; });
    if (taken) {
      const YamlNode* name = item.find("name");
      decoding.diagnostics.error(name == nullptr ? item.at : name->at,
                                 fmt::format("there are two steps `{}`", step.name), step.name,
                                 "give each step of a job another name");
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

/// `images` of a deployment: which service of the Compose file runs which image of this file.
std::vector<std::pair<std::string, std::string>> read_deployed(const YamlNode& node, const Decoding& decoding) {
  std::vector<std::pair<std::string, std::string>> images;
  const std::vector<std::string_view> known(decoding.scope.images.begin(), decoding.scope.images.end());
  for (const PlacedPair& pair : read_text_map(node, "`images`", bounds::images, decoding.diagnostics)) {
    const auto& [service, image] = pair;
    if (!decoding.scope.images.contains(image.text)) {
      decoding.diagnostics.error(image.at, fmt::format("there is no image `{}`", image.text), image.text,
                                 known.empty() ? "declare it under `images`" : suggest(image.text, known));
      continue;
    }
    images.emplace_back(service.text, image.text);
  }
  if (node.is_map() && node.entries.empty()) {
    decoding.diagnostics.error(node.at, "`images` of a deployment is empty", {}, "write `images: {web: app}`");
  }
  return images;
}

void check_literal(const std::optional<Template>& text, const YamlNode& node, std::string_view what,
                   Result<void> (*check)(std::string_view), const Decoding& decoding) {
  if (text && text->is_literal()) decoding.check(check(node.text), node.at, what, node.text);
}
}  // namespace

RunWork decode_run_work(MapReader& job, std::string_view name, const Decoding& decoding, const Scope& scope) {
  RunWork work;
  const YamlNode* image = job.find("image");
  const YamlNode* run = job.find("run");
  const YamlNode* steps = job.find("steps");
  if (image != nullptr) work.image = read_image_choice(*image, "the image", decoding, scope);
  if (const YamlNode* value = job.find("env")) work.env = read_env(*value, "`env`", decoding, scope);
  if (const YamlNode* value = job.find("secrets")) work.secrets = read_secrets(*value, "`secrets`", decoding);
  check_variables_apart(work.env, work.secrets, job.node(), decoding);
  if (const YamlNode* value = job.find("workdir")) work.workdir = read_workdir(*value, decoding);
  if (const YamlNode* value = job.find("limits")) work.limits = read_limits(*value, "`limits`", decoding);
  if (const YamlNode* value = job.find("services")) {
    for (Placed& service : read_texts(*value, "`services`", bounds::services, decoding.diagnostics)) {
      work.services.push_back(std::move(service.text));
    }
  }
  if (const YamlNode* value = job.find("network")) {
    const auto choice = read_choice(*value, "`network`", network_names, decoding.diagnostics);
    work.network = choice && *choice == 0 ? Network::offline : Network::online;
    if (work.network == Network::offline && !work.services.empty()) {
      decoding.diagnostics.error(value->at, "a job without a network can't reach its services", value->text,
                                 "remove `network: none`, or `services`");
    }
  }
  if (run != nullptr && steps != nullptr) {
    decoding.diagnostics.error(job.at("steps"), fmt::format("the job `{}` has `run` and `steps`", name), "steps",
                               "move the commands of `run` into a step");
    return work;
  }
  if (steps != nullptr) work.steps = read_steps(*steps, decoding, scope);
  if (run != nullptr) {
    StepRecipe step;
    step.name = "run";
    step.run = read_commands(*run, decoding, scope);
    work.steps.push_back(std::move(step));
  }
  const bool lacks_image = image == nullptr && std::any_of(work.steps.begin(), work.steps.end(),
                                                           [](const StepRecipe& step) { return !step.image; });
  if (lacks_image && !(steps != nullptr && decoding.diagnostics.has_errors())) {
    decoding.diagnostics.error(steps != nullptr ? job.at("steps") : job.at("run"),
                               fmt::format("the job `{}` does not say in which image it runs", name), {},
                               "add `image: debian:12` or `image: ${{ images.… }}`");
  }
  return work;
}

PushWork decode_push_work(const YamlNode& node, const Decoding& decoding, const Scope& scope) {
  PushWork work;
  MapReader map(node, "`push`", decoding.diagnostics);
  const std::vector<std::string_view> known(scope.images.begin(), scope.images.end());
  if (const YamlNode* value = map.require("image", "image: app")) {
    work.image = read_text(*value, "`image`", decoding.diagnostics).value_or("");
    if (!work.image.empty() && !scope.images.contains(work.image)) {
      const bool expression = work.image.find("${{") != std::string::npos;
      decoding.diagnostics.error(value->at, fmt::format("there is no image `{}`", work.image), work.image,
                                 expression ? "write the image's name alone: `image: app`"
                                 : known.empty()
                                     ? "only images that this file builds can be pushed: declare it under `images`"
                                     : suggest(work.image, known));
    }
  }
  if (const YamlNode* value = map.require("to", "to: registry.example/shop/app")) {
    auto to = read_template(*value, "`to`", decoding, scope, {{512, false}});
    check_literal(to, *value, "the repository", check_repository, decoding);
    if (to) work.to = std::move(*to);
  }
  if (const YamlNode* value = map.require("tags", "tags: [\"${{ commit.short }}\"]")) {
    work.tags = read_templates(*value, "`tags`", bounds::tags, decoding, scope, {{512, false}});
    for (const YamlNode& item : value->items) {
      if (item.text.find("${{") == std::string::npos && item.is_scalar() && !item.text.empty()) {
        decoding.check(check_tag(item.text), item.at, "the tag", item.text);
      }
    }
    if (value->is_scalar() && value->text.find("${{") == std::string::npos) {
      decoding.check(check_tag(value->text), value->at, "the tag", value->text);
    }
  }
  map.foreign("tag", "write `tags: [...]`");
  map.foreign("repository", "write `to`");
  map.foreign("registry", "the registry is part of `to`: registry.example/shop/app");
  map.finish();
  return work;
}

DeployWork decode_deploy_work(const YamlNode& node, const Decoding& decoding, const Scope& scope) {
  DeployWork work;
  MapReader map(node, "`deploy`", decoding.diagnostics);
  if (const YamlNode* value = map.require("file", "file: deploy/compose.yml")) {
    work.file = read_path(*value, "`file`", decoding).value_or("");
  }
  if (const YamlNode* value = map.require("images", "images: {web: app}"))
    work.images = read_deployed(*value, decoding);
  if (const YamlNode* value = map.find("group")) {
    auto group = read_template(*value, "`group`", decoding, scope, {{512, false}});
    check_literal(group, *value, "the group", check_group, decoding);
    if (group) work.group = std::move(*group);
  }
  if (const YamlNode* value = map.find("application")) {
    auto application = read_template(*value, "`application`", decoding, scope, {{512, false}});
    check_literal(application, *value, "the application", check_application, decoding);
    if (application) work.application = std::move(*application);
  }
  map.foreign("hosts", "hosts are in groups, which the daemon's settings name: write `group`");
  map.foreign("strategy", "how it is rolled out is said in the Compose file, under `x-slipway`");
  map.finish();
  return work;
}

}  // namespace slipway::pipelines
