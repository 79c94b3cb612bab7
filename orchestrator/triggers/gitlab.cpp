#include <nlohmann/json.hpp>

#include "orchestrator/triggers/payload.hpp"

// https://docs.gitlab.com/user/project/integrations/webhook_events/
namespace slipway::triggers {
namespace {

std::string newest_message(const Json& commits, const std::string& id) {
  if (!commits.is_array()) return {};
  for (const Json& commit : commits) {
    if (text_at(commit, "id") == id) return text_at(commit, "message");
  }
  return {};
}

Result<TriggerEvent> parse_gitlab_push(const Json& payload) {
  TriggerEvent event;
  if (Result<void> ref = set_ref(event, text_at(payload, "ref")); !ref) return fail(ref.error());
  std::string after = text_at(payload, "after");
  // `after` of an annotated tag is the tag's own object; checkout_sha is the commit, and null when it was deleted.
  const std::string checkout = text_at(payload, "checkout_sha");
  if (!checkout.empty()) after = checkout;
  if (Result<void> ends = set_ends(event, text_at(payload, "before"), after); !ends) return fail(ends.error());
  const Json& commits = value_at(payload, "commits");
  set_message(event, newest_message(commits, event.commit));
  event.author = clip_line(text_at(payload, "user_name"), 100);
  set_paths(event, commits, static_cast<std::size_t>(count_at(payload, "total_commits_count")));
  return event;
}

/// `update` is also sent for a new title or label: only with `oldrev` were commits pushed.
PullRequestAction action_of(const std::string& word, const Json& payload) {
  if (word == "open" || word == "reopen") return PullRequestAction::opened;
  if (word == "close" || word == "merge") return PullRequestAction::closed;
  if (word != "update") return PullRequestAction::other;
  if (!text_below(payload, {"object_attributes", "oldrev"}).empty()) return PullRequestAction::updated;
  const Json& draft = value_below(payload, {"changes", "draft"});
  const bool ready = flag_at(draft, "previous") && !flag_at(draft, "current");
  return ready ? PullRequestAction::ready : PullRequestAction::other;
}

Result<TriggerEvent> parse_merge_request(const Json& payload) {
  const Json& source = value_at(payload, "object_attributes");
  PullRequest request;
  request.number = count_at(source, "iid");
  const std::string action = text_at(source, "action");
  request.action = action_of(action, payload);
  request.draft = flag_at(source, "draft") || flag_at(source, "work_in_progress");
  request.head_repository = text_below(source, {"source", "path_with_namespace"});
  const std::int64_t from = count_at(source, "source_project_id");
  request.from_fork = from == 0 || from != count_at(source, "target_project_id");
  request.head_branch = text_at(source, "source_branch");
  request.base_branch = text_at(source, "target_branch");
  const std::string ref = "refs/merge-requests/" + std::to_string(request.number) + "/head";
  TriggerEvent event;
  event.detail = "merge request " + clip(action, 40);
  Result<void> set = set_pull_request(event, std::move(request), ref, text_below(source, {"last_commit", "id"}), "");
  if (!set) return fail(set.error());
  if (event.commit.empty()) return fail(Error::Kind::invalid, "object_attributes.last_commit.id is missing");
  set_message(event, text_at(source, "title"));
  event.author = clip_line(text_below(payload, {"user", "username"}), 100);
  return event;
}

}  // namespace

Result<TriggerEvent> parse_gitlab(const std::string& name, const Json& payload) {
  const std::string kind = text_at(payload, "object_kind");
  if (kind == "push" || kind == "tag_push") return parse_gitlab_push(payload);
  if (kind == "merge_request") return parse_merge_request(payload);
  return other(name, clip(kind, 40));
}

}  // namespace slipway::triggers
