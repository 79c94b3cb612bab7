#pragma once
#include <set>
#include <string>

#include "pipelines/plan.hpp"
#include "pipelines/plan_texts.hpp"

namespace slipway::pipelines {

/// Turns a pipeline into a plan, job by job. Every function stops at its first error. Borrows.
class Planner {
 public:
  Planner(const Pipeline& pipeline, const Context& context, const std::map<std::string, std::string>& parameters);
  Result<Plan> plan();

 private:
  Result<PlannedImage> image(const ImageRecipe& recipe);
  Result<PlannedJob> job(const JobRecipe& recipe, const MatrixRow& row);
  Result<void> work(const RunWork& recipe, PlannedJob& job);
  Result<void> work(const PushWork& recipe, PlannedJob& job);
  Result<void> work(const DeployWork& recipe, PlannedJob& job);
  Result<PlannedStep> step(const StepRecipe& recipe, const RunWork& around, PlannedJob& job);
  Result<PlannedService> service(const Service& recipe, PlannedJob& job);
  Result<PlannedImageUse> use(const ImageChoice& choice, PlannedJob& job);
  PlannedCondition condition(const JobRecipe& recipe, PlannedJob::Kind kind) const;
  std::vector<SecretUse> secrets(const std::vector<SecretUse>& wanted, PlannedJob& job) const;

  std::string id_for(const JobRecipe& recipe, const MatrixRow& row);
  [[nodiscard]] bool from_fork() const { return context_.pull_request && context_.pull_request->from_fork; }
  [[nodiscard]] std::string push_before(const std::string& job, const std::string& image) const;

  const Pipeline& pipeline_;
  const Context& context_;
  PlanTexts texts_;
  const Environment standard_;
  std::set<std::string> ids_;
  std::map<std::string, std::vector<std::string>> ids_of_;  // a job's name -> ids of its rows
};

}  // namespace slipway::pipelines
