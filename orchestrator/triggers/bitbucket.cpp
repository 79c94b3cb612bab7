#include <nlohmann/json.hpp>

#include "orchestrator/triggers/payload.hpp"

// https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/
namespace slipway::triggers {
namespace {

Result<TriggerEvent> parse_change(const Json& change, const Json& payload) {
  const Json& now = value_at(change, "new");
  const Json& side = now.is_object() ? now : value_at(change, "old");
  const std::string type = text_at(side, "type");
  if (type != "branch" && type != "tag" && type != "annotated_tag") return other("", "a push to no branch or tag");
  TriggerEvent event;
  const std::string ref = (type == "branch" ? "refs/heads/" : "refs/tags/") + text_at(side, "name");
  if (Result<void> set = set_ref(event, ref); !set) return fail(set.error());
  const std::string after = now.is_object() ? text_below(now, {"target", "hash"}) : std::string(40, '0');
  Result<void> ends = set_ends(event, text_below(change, {"old", "target", "hash"}), after);
  if (!ends) return fail(ends.error());
  set_message(event, text_below(now, {"target", "message"}));
  event.author = clip_line(text_below(payload, {"actor", "display_name"}), 100);
  return event;
}

Result<Events> parse_push(const std::string& name, const Json& payload) {
  const Json& changes = value_below(payload, {"push", "changes"});
  if (!changes.is_array()) return fail(Error::Kind::invalid, "push.changes is missing");
  Events events;
  for (const Json& change : changes) {
    if (events.size() == max_events) return fail(Error::Kind::too_large, "a push of more than 20 branches and tags");
    Result<TriggerEvent> event = parse_change(change, payload);
    if (!event) return fail(event.error());
    event->name = name;
    std::string body;
    if (changes.size() > 1) {
      const Json alone = {{"push", {{"changes", Json::array({change})}}}, {"actor", value_at(payload, "actor")}};
      body = dump_json(alone);
    }
    events.push_back({std::move(*event), std::move(body)});
  }
  if (events.empty()) events.push_back({other(name, "a push without changes"), ""});
  return events;
}

PullRequestAction action_of(std::string_view name) {
  if (name == "pullrequest:created") return PullRequestAction::opened;
  if (name == "pullrequest:updated") return PullRequestAction::updated;
  if (name == "pullrequest:fulfilled" || name == "pullrequest:rejected") return PullRequestAction::closed;
  return PullRequestAction::other;
}

/// Bitbucket keeps no ref for pull requests and shortens their commits, so the branch's tip is what will be fetched.
Result<TriggerEvent> parse_pull_request(const std::string& name, const Json& payload) {
  const Json& source = value_at(payload, "pullrequest");
  PullRequest request;
  request.number = count_at(source, "id");
  request.action = action_of(name);
  request.draft = flag_at(source, "draft");
  request.head_repository = text_below(source, {"source", "repository", "full_name"});
  const std::string base_repository = text_below(source, {"destination", "repository", "full_name"});
  request.from_fork = request.head_repository.empty() || request.head_repository != base_repository;
  request.head_branch = text_below(source, {"source", "branch", "name"});
  request.base_branch = text_below(source, {"destination", "branch", "name"});
  const std::string ref = "refs/heads/" + request.head_branch;
  TriggerEvent event;
  event.detail = name;
  if (Result<void> set = set_pull_request(event, std::move(request), ref, "", ""); !set) return fail(set.error());
  if (event.pull_request->from_fork) event.ref.clear();
  set_message(event, text_at(source, "title"));
  event.author = clip_line(text_below(source, {"author", "display_name"}), 100);
  return event;
}

}  // namespace

Result<Events> parse_bitbucket(const std::string& name, const Json& payload) {
  if (name == "repo:push") return parse_push(name, payload);
  if (!name.starts_with("pullrequest:")) return Events{{other(name, ""), ""}};
  if (action_of(name) == PullRequestAction::other) return Events{{other(name, ""), ""}};
  Result<TriggerEvent> event = parse_pull_request(name, payload);
  if (!event) return fail(event.error());
  return Events{{std::move(*event), ""}};
}

}  // namespace slipway::triggers
