#pragma once
#include <map>
#include <memory>

#include "orchestrator/logs/masker.hpp"
#include "orchestrator/runs/collaborators.hpp"
#include "orchestrator/runs/source_tree.hpp"
#include "orchestrator/store/runs.hpp"
#include "pipelines/plan.hpp"

namespace slipway::runs {

/// All that is known of a run once it is planned; shared by those who do its parts.
struct RunContext {
  RunContext(store::Run r, store::Project p, pipelines::Plan n)
      : run(std::move(r)), project(std::move(p)), plan(std::move(n)) {}
  std::string instance;
  store::Run run;
  store::Project project;
  pipelines::Plan plan;
  ProjectAccess access;  ///< without secrets and grants if the run is not to be trusted
  Time committed_at{};   ///< of the commit; not known at first of a run that was taken up
  std::shared_ptr<const logs::MaskPatterns> masks;
  std::map<std::string, std::string> built;  ///< image of the file → config id
};

/// Masks for every secret that the run could show, and for those it could show before they were replaced.
std::shared_ptr<const logs::MaskPatterns> masks_for(const ProjectAccess& access);

}  // namespace slipway::runs
