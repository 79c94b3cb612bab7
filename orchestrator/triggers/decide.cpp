#include "orchestrator/triggers/decide.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "pipelines/triggers.hpp"

namespace slipway::triggers {
namespace {

Decided ignore(std::string reason) {
  return {store::Decision::ignored, std::move(reason), std::nullopt};
}

/// Why this pull request runs nothing; empty if it does.
std::string reason_against(const TriggerEvent& event, const PullRequest& request, store::ForkPolicy forks) {
  const std::string which = "pull request " + std::to_string(request.number);
  if (request.action == PullRequestAction::closed) return which + " is closed";
  if (request.action == PullRequestAction::other) return event.detail + ": no new commits";
  if (request.draft) return which + " is a draft";
  if (!request.from_fork) return {};
  if (forks == store::ForkPolicy::ignore)
    return which + " is from a fork; the project's fork policy is to ignore these";
  if (event.ref.empty()) return which + " is from a fork, and this forge has no ref for it in the project's repository";
  return {};
}

std::string context_of(const TriggerEvent& event) {
  Json context = Json::object();
  if (event.paths_known) context["changed_paths"] = event.changed_paths;
  if (event.pull_request) {
    context["head_branch"] = event.pull_request->head_branch;
    context["head_repository"] = event.pull_request->head_repository;
    context["from_fork"] = event.pull_request->from_fork;
  }
  if (event.registry) {
    context["image"] = event.registry->image;
    context["image_tag"] = event.registry->tag;
    context["image_digest"] = event.registry->digest;
  }
  return dump_json(context);
}

store::Trigger trigger_of(EventKind kind) {
  switch (kind) {
    case EventKind::tag:
      return store::Trigger::tag;
    case EventKind::pull_request:
      return store::Trigger::pull_request;
    case EventKind::registry:
      return store::Trigger::registry;
    default:
      return store::Trigger::push;
  }
}

store::Run run_of(const TriggerEvent& event, const store::Project& project) {
  store::Run run;
  run.project = project.id;
  run.event = trigger_of(event.kind);
  run.ref = event.ref;
  run.branch = event.branch;
  run.tag = event.tag;
  run.commit = event.commit;
  run.base_commit = event.base_commit;
  run.title = event.title;
  run.author = event.author;
  run.trusted = true;
  run.context = context_of(event);
  if (event.kind == EventKind::registry) {
    run.branch = project.default_branch;
    run.ref = "refs/heads/" + project.default_branch;
  }
  if (event.pull_request) {
    run.pull_request = event.pull_request->number;
    run.trusted = !event.pull_request->from_fork;
  }
  const bool replaceable = event.kind == EventKind::push || event.kind == EventKind::pull_request;
  if (project.settings.supersede && replaceable) {
    run.supersede_key = event.pull_request ? "pull/" + std::to_string(run.pull_request) : run.ref;
  }
  return run;
}

}  // namespace

Decided decide(const TriggerEvent& event, const store::Project& project) {
  if (event.kind == EventKind::ping) return ignore("ping: the webhook works");
  if (event.kind == EventKind::other) {
    return ignore(event.detail.empty() ? "event '" + event.name + "' starts no run" : event.detail);
  }
  if (event.deleted) return ignore(event.ref + " was deleted");
  if (event.pull_request) {
    std::string reason = reason_against(event, *event.pull_request, project.settings.forks);
    if (!reason.empty()) return ignore(std::move(reason));
  }
  const bool skippable = event.kind == EventKind::push || event.kind == EventKind::pull_request;
  if (skippable && pipelines::asks_to_skip(event.message))
    return ignore("[skip ci] in the commit's message or the title");
  Decided decided{store::Decision::accepted, std::string(name_of(event.kind)), run_of(event, project)};
  if (!decided.run->trusted && project.settings.forks == store::ForkPolicy::approve) {
    decided.run->state = store::RunState::waiting_approval;
    decided.run->reason = "a pull request from a fork waits for an approval";
    decided.reason += ", waiting for an approval";
  }
  return decided;
}

}  // namespace slipway::triggers
