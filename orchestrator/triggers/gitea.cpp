#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "orchestrator/triggers/payload.hpp"
#include "orchestrator/triggers/ref_name.hpp"

// https://docs.gitea.com/usage/webhooks and https://forgejo.org/docs/latest/user/webhooks/
namespace slipway::triggers {
namespace {

Result<TriggerEvent> parse_gitea_push(const Json& payload) {
  TriggerEvent event;
  if (Result<void> ref = set_ref(event, text_at(payload, "ref")); !ref) return fail(ref.error());
  std::string after = text_at(payload, "after");
  const std::string head = text_below(payload, {"head_commit", "id"});
  if (event.kind == EventKind::tag && !no_commit(after) && valid_commit(head)) after = head;
  if (Result<void> ends = set_ends(event, text_at(payload, "before"), after); !ends) return fail(ends.error());
  set_message(event, text_below(payload, {"head_commit", "message"}));
  event.author = clip_line(text_below(payload, {"pusher", "login"}), 100);
  set_paths(event, value_at(payload, "commits"), static_cast<std::size_t>(count_at(payload, "total_commits")));
  return event;
}

/// Gitea marks drafts by the title (`WORK_IN_PROGRESS_PREFIXES`, in any case); newer ones also say so.
bool says_draft(const std::string& title) {
  const std::string text = lower_case(title);
  return text.starts_with("wip:") || text.starts_with("[wip]");
}

bool is_draft(const Json& source) {
  return flag_at(source, "draft") || says_draft(text_at(source, "title"));
}

PullRequestAction gitea_action(const std::string& word, const Json& payload) {
  if (word == "opened" || word == "reopened") return PullRequestAction::opened;
  if (word == "synchronized" || word == "synchronize") return PullRequestAction::updated;
  if (word == "closed") return PullRequestAction::closed;
  // A new title, text or base. There is no word of its own for a draft that becomes ready.
  const Json& request = value_at(payload, "pull_request");
  const bool was_draft = word == "edited" && says_draft(text_below(payload, {"changes", "title", "from"}));
  if (was_draft && !is_draft(request) && text_at(request, "state") != "closed") return PullRequestAction::ready;
  return PullRequestAction::other;
}

Result<TriggerEvent> parse_gitea_pull_request(const Json& payload) {
  const Json& source = value_at(payload, "pull_request");
  PullRequest request;
  request.number = count_at(payload, "number");
  const std::string action = text_at(payload, "action");
  request.action = gitea_action(action, payload);
  request.draft = is_draft(source);
  request.head_repository = text_below(source, {"head", "repo", "full_name"});
  const std::string base_repository = text_below(source, {"base", "repo", "full_name"});
  request.from_fork = request.head_repository.empty() || request.head_repository != base_repository;
  request.head_branch = text_below(source, {"head", "ref"});
  request.base_branch = text_below(source, {"base", "ref"});
  const std::string ref = "refs/pull/" + std::to_string(request.number) + "/head";
  TriggerEvent event;
  event.detail = "pull request " + clip(action, 40);
  Result<void> set = set_pull_request(event, std::move(request), ref, text_below(source, {"head", "sha"}),
                                      text_below(source, {"base", "sha"}));
  if (!set) return fail(set.error());
  if (event.commit.empty()) return fail(Error::Kind::invalid, "pull_request.head.sha is missing");
  set_message(event, text_at(source, "title"));
  event.author = clip_line(text_below(source, {"user", "login"}), 100);
  return event;
}

}  // namespace

Result<TriggerEvent> parse_gitea(const std::string& name, const Json& payload) {
  if (name == "push") return parse_gitea_push(payload);
  // Newer versions name an update of a pull request pull_request_sync.
  if (name == "pull_request" || name == "pull_request_sync") return parse_gitea_pull_request(payload);
  return other(name, "");
}

}  // namespace slipway::triggers
