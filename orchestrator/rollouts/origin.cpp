#include "orchestrator/rollouts/origin.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/store/images.hpp"
#include "orchestrator/store/projects.hpp"
#include "orchestrator/store/runs.hpp"

namespace slipway::rollouts {
namespace {

Json jobs_of(store::Transaction& tx, RunId run) {
  Json jobs = Json::array();
  const auto known = store::Jobs(tx).list(run);
  if (!known) return jobs;
  for (const store::Job& job : *known) {
    if (job.verdict == store::Verdict::none) continue;
    jobs.push_back({{"name", job.name},
                    {"kind", store::name_of(job.kind)},
                    {"verdict", store::name_of(job.verdict)},
                    {"reason", job.reason}});
  }
  return jobs;
}

Json pushes_of(store::Transaction& tx, RunId run) {
  Json pushes = Json::array();
  const auto known = store::Images(tx).pushed_by(run);
  if (!known) return pushes;
  for (const store::PushedImage& push : *known) {
    if (push.state != store::PushState::pushed) continue;
    pushes.push_back({{"image", push.image},
                      {"repository", push.repository},
                      {"tag", push.tag},
                      {"digest", push.digest},
                      {"config_id", push.config_id}});
  }
  return pushes;
}

}  // namespace

std::string asker_of(const store::Run& run) {
  const auto context = parse_json(run.context);
  const std::string again = context ? text_at(*context, "rerun_by") : std::string();
  if (!again.empty()) return again;
  const bool by_hand = context && run.event == store::Trigger::manual;
  const std::string asked_by = by_hand ? text_at(*context, "asked_by") : std::string();
  return asked_by.empty() ? run.author.substr(0, run.author.find(" <")) : asked_by;
}

std::string evidence_of(store::Transaction& tx, RunId id) {
  const auto run = store::Runs(tx).get(id);
  if (!run) return "{}";
  const auto project = store::Projects(tx).get(run->project);
  return dump_json({{"run", id.value},
                    {"number", run->number},
                    {"project", project ? project->name : std::string()},
                    {"event", store::name_of(run->event)},
                    {"ref", run->ref},
                    {"commit", run->commit},
                    {"title", run->title},
                    {"author", run->author},
                    {"asked_by", asker_of(*run)},
                    {"jobs", jobs_of(tx, id)},
                    {"pushes", pushes_of(tx, id)}});
}

std::string evidence_of(store::Transaction& tx, const std::string& application, std::int64_t generation) {
  const auto rollouts = store::Rollouts(tx).asked_for(application, looked_back);
  if (!rollouts) return "{}";
  std::string evidence = "{}";
  for (const store::Rollout& rollout : *rollouts) {
    if (rollout.generation == generation && rollout.evidence != "{}") evidence = rollout.evidence;
  }
  return evidence;
}

}  // namespace slipway::rollouts
