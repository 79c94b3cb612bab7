// What can only be seen in the whole file.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "pipelines/job_graph.hpp"
#include "pipelines/yaml_decoder.hpp"

namespace slipway::pipelines {
namespace {

class Checks {
 public:
  Checks(const Pipeline& pipeline, const YamlNode& root, Diagnostics& diagnostics)
      : pipeline_(pipeline), root_(root), diagnostics_(diagnostics), graph_(pipeline.jobs) {}

  /// False if the jobs can't be put in order.
  bool needs();
  void services();
  void steps();
  void parameters();
  void deployments();
  void pushes();

 private:
  [[nodiscard]] const YamlNode* job_node(const JobRecipe& job) const;
  [[nodiscard]] Position place(const JobRecipe& job) const;
  [[nodiscard]] Position place(const JobRecipe& job, std::string_view key, std::string_view item) const;
  [[nodiscard]] Position place_of_step(const JobRecipe& job, std::size_t step) const;
  void step_names(const JobRecipe& job, const RunWork& work);
  void deployed_image(std::size_t job, const std::string& service, const std::string& image);
  void tests_before(std::size_t job, const std::string& image);
  void report_cycle(const std::vector<std::size_t>& cycle);
  [[nodiscard]] bool waits_for(std::size_t job, std::size_t other) const;

  const Pipeline& pipeline_;
  const YamlNode& root_;
  Diagnostics& diagnostics_;
  JobGraph graph_;
  std::vector<std::vector<std::size_t>> before_;  // per job: all that end before it, sorted; once `needs` is true
};

bool runs_in(const JobRecipe& job, const std::string& image) {
  const auto* work = std::get_if<RunWork>(&job.work);
  if (work == nullptr) return false;
  const auto is = [&](const std::optional<ImageChoice>& choice) { return choice && choice->built == image; };
  return is(work->image) ||
         std::any_of(work->steps.begin(), work->steps.end(), [&](const StepRecipe& step) { return is(step.image); });
}

const YamlNode* Checks::job_node(const JobRecipe& job) const {
  const YamlNode* jobs = root_.find("jobs");
  return jobs == nullptr ? nullptr : jobs->find(job.name);
}

Position Checks::place(const JobRecipe& job) const {
  const YamlNode* jobs = root_.find("jobs");
  const auto found = std::find_if(jobs->entries.begin(), jobs->entries.end(),
                                  [&](const YamlEntry& entry) { return entry.key == job.name; });
  return found == jobs->entries.end() ? jobs->at : found->at;
}

/// Where `item` stands in the list (or is the single value) below `key`.
Position Checks::place(const JobRecipe& job, std::string_view key, std::string_view item) const {
  const YamlNode* node = job_node(job);
  const YamlNode* list = node == nullptr ? nullptr : node->find(key);
  if (list == nullptr) return place(job);
  const auto last =
      std::find_if(list->items.rbegin(), list->items.rend(), [&](const YamlNode& one) { return one.text == item; });
  return last == list->items.rend() ? list->at : last->at;
}

bool Checks::needs() {
  std::vector<std::string_view> names;
  for (const JobRecipe& job : pipeline_.jobs) names.push_back(job.name);
  bool sound = true;
  for (const JobRecipe& job : pipeline_.jobs) {
    std::set<std::string_view> seen;
    std::vector<std::string_view> others = names;
    std::erase(others, job.name);
    for (const std::string& need : job.needs) {
      const bool known = std::find(names.begin(), names.end(), need) != names.end();
      if (!known)
        diagnostics_.error(place(job, "needs", need),
                           fmt::format("the job `{}` needs `{}`, which is no job", job.name, need), need,
                           suggest(need, others));
      if (need == job.name)
        diagnostics_.error(place(job, "needs", need), fmt::format("the job `{}` needs itself", job.name), need,
                           "remove it");
      const bool doubled = !seen.insert(need).second;
      if (doubled)
        diagnostics_.error(place(job, "needs", need), fmt::format("`{}` is there twice", need), need, "keep one");
      sound = sound && known && need != job.name && !doubled;
    }
  }
  if (!sound) return false;
  const std::vector<std::size_t> cycle = graph_.find_cycle();
  if (!cycle.empty()) report_cycle(cycle);
  for (std::size_t i = 0; cycle.empty() && i < pipeline_.jobs.size(); ++i) {
    before_.push_back(graph_.ancestors(i));
    std::sort(before_.back().begin(), before_.back().end());
  }
  return cycle.empty();
}

void Checks::report_cycle(const std::vector<std::size_t>& cycle) {
  constexpr std::size_t shown = 12;
  std::string path;
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    if (i > 0) path += " → ";
    if (i == shown && cycle.size() > shown + 1) {
      path += "… → ";
      i = cycle.size() - 1;
    }
    path += pipeline_.jobs[cycle[i]].name;
  }
  const JobRecipe& first = pipeline_.jobs[cycle[0]];
  const std::string& next = pipeline_.jobs[cycle[1]].name;
  diagnostics_.error(place(first, "needs", next), fmt::format("these jobs need each other, each the next: {}", path),
                     next, "remove one of these `needs`");
}

void Checks::services() {
  std::vector<std::string_view> names;
  std::set<std::string_view> used;
  for (const Service& service : pipeline_.services) names.push_back(service.name);
  for (const JobRecipe& job : pipeline_.jobs) {
    const auto* work = std::get_if<RunWork>(&job.work);
    std::set<std::string_view> seen;
    for (const std::string& service : work == nullptr ? std::vector<std::string>() : work->services) {
      const auto known = std::find(names.begin(), names.end(), service);
      if (known == names.end()) {
        diagnostics_.error(
            place(job, "services", service), fmt::format("there is no service `{}`", service), service,
            names.empty() ? "declare it under `services` at the top of the file" : suggest(service, names));
        continue;
      }
      if (!seen.insert(*known).second)
        diagnostics_.error(place(job, "services", service), fmt::format("`{}` is there twice", service), service,
                           "keep one");
      used.insert(*known);
    }
  }
  const YamlNode* section = root_.find("services");
  if (section == nullptr || diagnostics_.has_errors()) return;
  for (const YamlEntry& entry : section->entries) {
    if (used.contains(entry.key)) continue;
    diagnostics_.warning(entry.at, fmt::format("no job uses the service `{}`", entry.key), entry.key,
                         "name it under `services` of a job");
  }
}

/// Where its name stands, or it begins, or the job does.
Position Checks::place_of_step(const JobRecipe& job, std::size_t step) const {
  const YamlNode* node = job_node(job);
  const YamlNode* steps = node == nullptr ? nullptr : node->find("steps");
  if (steps == nullptr || step >= steps->items.size()) return place(job);
  const YamlNode* name = steps->items[step].find("name");
  return name == nullptr ? steps->items[step].at : name->at;
}

/// Steps and services of a job are one another's like: each has a container, a log and a place in the journal by its
/// name.
void Checks::steps() {
  for (const JobRecipe& job : pipeline_.jobs) {
    if (const auto* work = std::get_if<RunWork>(&job.work)) step_names(job, *work);
  }
}

void Checks::step_names(const JobRecipe& job, const RunWork& work) {
  const YamlNode* node = job_node(job);
  const bool named = node != nullptr && node->find("steps") != nullptr;
  for (std::size_t i = 0; i < work.steps.size(); ++i) {
    const std::string& step = work.steps[i].name;
    const bool service = std::find(work.services.begin(), work.services.end(), step) != work.services.end();
    if (service && named) {
      diagnostics_.error(place_of_step(job, i),
                         fmt::format("the job `{}` has a step and a service `{}`", job.name, step), step,
                         "give the step another name");
    } else if (service) {
      diagnostics_.error(
          place(job, "services", step),
          fmt::format("the step of `run` is called `{}`, and so is a service of the job `{}`", step, job.name), step,
          "give the service another name, or write `steps` with a `name`");
    }
    const bool image = std::any_of(pipeline_.images.begin(), pipeline_.images.end(),
                                   [&](const ImageRecipe& one) { return one.name == step; });
    // A build's log is called image.NAME.a1, that of a job with a matrix has a hash in its name.
    if (image && job.name == "image" && job.matrix_keys.empty()) {
      diagnostics_.error(place(job),
                         fmt::format("the step `{}` of the job `image` would write the log of the build of the image "
                                     "`{}`",
                                     step, step),
                         job.name, "give the job another name");
    }
  }
}

/// Only a person can give a value; what else starts a run can't.
void Checks::parameters() {
  const Triggers& on = pipeline_.on;
  if (!on.push && !on.tag && !on.pull_request && on.registry.empty()) return;
  const YamlNode* section = root_.find("parameters");
  for (const Parameter& parameter : pipeline_.parameters) {
    if (!parameter.required) continue;
    const YamlNode* node = section == nullptr ? nullptr : section->find(parameter.name);
    const YamlNode* required = node == nullptr ? nullptr : node->find("required");
    diagnostics_.error(
        required == nullptr ? root_.at : required->at,
        fmt::format("the parameter `{}` is required, but only a run started by hand can be given it", parameter.name),
        "true", "give it a `default`, or write `on: {manual: {}}`");
  }
}

bool Checks::waits_for(std::size_t job, std::size_t other) const {
  return std::binary_search(before_[job].begin(), before_[job].end(), other);
}

void Checks::deployments() {
  for (std::size_t i = 0; i < pipeline_.jobs.size(); ++i) {
    const auto* work = std::get_if<DeployWork>(&pipeline_.jobs[i].work);
    if (work == nullptr) continue;
    for (const auto& [service, image] : work->images) deployed_image(i, service, image);
  }
}

void Checks::deployed_image(std::size_t index, const std::string& service, const std::string& image) {
  const JobRecipe& job = pipeline_.jobs[index];
  std::vector<std::string_view> pushes;
  for (const std::size_t before : before_[index]) {
    const auto* push = std::get_if<PushWork>(&pipeline_.jobs[before].work);
    if (push != nullptr && push->image == image) pushes.push_back(pipeline_.jobs[before].name);
  }
  const YamlNode* deploy = job_node(job)->find("deploy");
  const YamlNode* images = deploy->find("images");
  const YamlNode* written = images == nullptr ? nullptr : images->find(service);
  const Position at = written == nullptr ? deploy->at : written->at;
  if (pushes.size() > 1) {
    diagnostics_.error(at,
                       fmt::format("`{}` is pushed by {} jobs before `{}`: `{}` and `{}`", image, pushes.size(),
                                   job.name, pushes[1], pushes[0]),
                       image, "let `needs` lead to one of them only");
  }
  if (!pushes.empty()) return;
  const auto push = std::find_if(pipeline_.jobs.begin(), pipeline_.jobs.end(), [&](const JobRecipe& one) {
    const auto* work = std::get_if<PushWork>(&one.work);
    return work != nullptr && work->image == image;
  });
  diagnostics_.error(at, fmt::format("`{}` is deployed by `{}`, but not pushed before it", image, job.name), image,
                     push != pipeline_.jobs.end()
                         ? fmt::format("add `needs: [{}]`", push->name)
                         : fmt::format("add a job with `push: {{image: {}, …}}` and need it", image));
}

/// What is pushed should have been tested. Not an error: tests may be elsewhere, and a job may run in the image for
/// another purpose.
void Checks::pushes() {
  for (std::size_t i = 0; i < pipeline_.jobs.size(); ++i) {
    const auto* work = std::get_if<PushWork>(&pipeline_.jobs[i].work);
    if (work != nullptr) tests_before(i, work->image);
  }
}

void Checks::tests_before(std::size_t index, const std::string& image) {
  const JobRecipe& push = pipeline_.jobs[index];
  const std::vector<std::size_t>& before = before_[index];
  const bool any = std::any_of(before.begin(), before.end(), [&](std::size_t job) {
    return std::holds_alternative<RunWork>(pipeline_.jobs[job].work);
  });
  if (!any) {
    diagnostics_.warning(place(push), fmt::format("nothing tests `{}` before `{}` pushes it", image, push.name),
                         push.name, "let it need the jobs that do");
    return;
  }
  for (std::size_t i = 0; i < pipeline_.jobs.size(); ++i) {
    const JobRecipe& other = pipeline_.jobs[i];
    if (waits_for(index, i) || !runs_in(other, image) || waits_for(i, index)) continue;
    diagnostics_.warning(place(push),
                         fmt::format("`{}` runs in `{}`, but `{}` does not wait for it", other.name, image, push.name),
                         push.name, fmt::format("add `{}` to its `needs` if it is a test", other.name));
  }
}

}  // namespace

void check_and_order(Pipeline& pipeline, const YamlNode& root, Diagnostics& diagnostics) {
  Checks checks(pipeline, root, diagnostics);
  checks.services();
  checks.steps();
  checks.parameters();
  if (!checks.needs()) return;
  checks.deployments();
  if (diagnostics.has_errors()) return;
  checks.pushes();
  std::vector<JobRecipe> ordered;
  for (const std::size_t job : JobGraph(pipeline.jobs).order()) ordered.push_back(std::move(pipeline.jobs[job]));
  pipeline.jobs = std::move(ordered);
}

}  // namespace slipway::pipelines
