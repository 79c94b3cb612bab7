#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "orchestrator/triggers/payload.hpp"
#include "orchestrator/triggers/ref_name.hpp"

// https://docs.github.com/en/webhooks/webhook-events-and-payloads
namespace slipway::triggers {
namespace {

Result<TriggerEvent> parse_github_push(const Json& payload) {
  TriggerEvent event;
  if (Result<void> ref = set_ref(event, text_at(payload, "ref")); !ref) return fail(ref.error());
  const Json& head = value_at(payload, "head_commit");
  std::string after = text_at(payload, "after");
  // `after` of an annotated tag is the tag's own object; the commit is in head_commit.
  const std::string head_id = text_at(head, "id");
  if (event.kind == EventKind::tag && !no_commit(after) && valid_commit(head_id)) after = head_id;
  if (Result<void> ends = set_ends(event, text_at(payload, "before"), after); !ends) return fail(ends.error());
  set_message(event, text_at(head, "message"));
  event.author = clip_line(text_below(payload, {"head_commit", "author", "name"}), 100);
  const Json& commits = value_at(payload, "commits");
  // A forced push also undoes commits, which the payload does not list; a list of 2048 may have been cut.
  if (!flag_at(payload, "forced") && commits.is_array() && commits.size() < 2048) {
    set_paths(event, commits, commits.size());
  }
  return event;
}

PullRequestAction github_action(const std::string& word) {
  if (word == "opened" || word == "reopened") return PullRequestAction::opened;
  if (word == "synchronize") return PullRequestAction::updated;
  if (word == "ready_for_review") return PullRequestAction::ready;
  if (word == "closed") return PullRequestAction::closed;
  return PullRequestAction::other;
}

Result<TriggerEvent> parse_github_pull_request(const Json& payload) {
  const Json& source = value_at(payload, "pull_request");
  PullRequest request;
  request.number = count_at(source, "number");
  const std::string action = text_at(payload, "action");
  request.action = github_action(action);
  request.draft = flag_at(source, "draft");
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

/// "ghcr.io/owner/name" as images are pulled: in lower case.
std::string image_of(const Json& package) {
  return lower_case("ghcr.io/" + text_below(package, {"owner", "login"}) + "/" + text_at(package, "name"));
}

/// GHCR says what was pushed to it through the repository's or organisation's webhook.
Result<TriggerEvent> parse_package(const std::string& name, const Json& payload) {
  const Json& package = value_at(payload, name);
  const std::string action = text_at(payload, "action");
  const Json& metadata = value_below(package, {"package_version", "container_metadata"});
  if ((action != "published" && action != "updated") || !metadata.is_object()) {
    return other(name, "a package event that is not a container image pushed");
  }
  RegistryPush push;
  push.image = image_of(package);
  push.tag = text_below(metadata, {"tag", "name"});
  push.digest = text_below(metadata, {"tag", "digest"});
  TriggerEvent event;
  if (Result<void> set = set_registry_push(event, std::move(push)); !set) return fail(set.error());
  event.author = clip_line(text_below(payload, {"sender", "login"}), 100);
  return event;
}

}  // namespace

Result<TriggerEvent> parse_github(const std::string& name, const Json& payload) {
  if (name == "ping") {
    TriggerEvent ping = other(name, "");
    ping.kind = EventKind::ping;
    return ping;
  }
  if (name == "push") return parse_github_push(payload);
  if (name == "pull_request") return parse_github_pull_request(payload);
  if (name == "registry_package" || name == "package") return parse_package(name, payload);
  return other(name, "");
}

}  // namespace slipway::triggers
