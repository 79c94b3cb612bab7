#include "orchestrator/triggers/payload.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "orchestrator/triggers/ref_name.hpp"

namespace slipway::triggers {
namespace {

constexpr std::size_t max_paths = 3000;

/// What can be shown of a name that was refused.
std::string shown(std::string_view name) {
  return "'" + clip(name, 60) + "'";
}

bool take_paths(std::set<std::string>& paths, const Json& commit) {
  for (const char* key : {"added", "modified", "removed"}) {
    const Json& list = value_at(commit, key);
    if (!list.is_array()) return false;
    for (const Json& path : list) {
      if (!path.is_string() || path.get_ref<const std::string&>().size() > 4096) return false;
      paths.insert(path.get<std::string>());
      if (paths.size() > max_paths) return false;
    }
  }
  return true;
}

}  // namespace

std::string clip(std::string_view text, std::size_t limit) {
  std::size_t size = std::min(text.size(), limit);
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  std::string out(text.substr(0, size));
  std::replace_if(out.begin(), out.end(), [](unsigned char c) { return (c < ' ' && c != '\n') || c == 0x7f; }, ' ');
  return out;
}

std::string clip_line(std::string_view text, std::size_t limit) {
  return clip(text.substr(0, text.find_first_of("\r\n")), limit);
}

std::int64_t count_at(const Json& object, std::string_view key) {
  const Json& value = value_at(object, key);
  if (!value.is_number_integer()) return 0;
  return std::max<std::int64_t>(0, value.get<std::int64_t>());
}

const Json& value_below(const Json& object, std::initializer_list<std::string_view> keys) {
  const Json* value = &object;
  for (const std::string_view key : keys) value = &value_at(*value, key);
  return *value;
}

std::string text_below(const Json& object, std::initializer_list<std::string_view> keys) {
  const Json& value = value_below(object, keys);
  return value.is_string() ? value.get<std::string>() : std::string();
}

Result<void> set_ref(TriggerEvent& event, const std::string& ref) {
  if (!valid_ref(ref)) return fail(Error::Kind::invalid, "ref is missing or not a git ref: " + shown(ref));
  event.ref = ref;
  if (ref.starts_with("refs/heads/")) {
    event.kind = EventKind::push;
    event.branch = ref.substr(11);
  } else if (ref.starts_with("refs/tags/")) {
    event.kind = EventKind::tag;
    event.tag = ref.substr(10);
  } else {
    event.kind = EventKind::other;
    event.detail = "a push to " + clip(ref, 100) + ", neither branch nor tag";
  }
  return {};
}

Result<void> set_ends(TriggerEvent& event, const std::string& before, const std::string& after) {
  event.deleted = no_commit(after);
  if (!event.deleted && !valid_commit(after)) {
    return fail(Error::Kind::invalid, "the pushed commit is missing or not an id: " + shown(after));
  }
  if (!before.empty() && !no_commit(before) && !valid_commit(before)) {
    return fail(Error::Kind::invalid, "the commit before the push is not an id: " + shown(before));
  }
  if (!event.deleted) event.commit = after;
  if (!before.empty() && !no_commit(before)) event.base_commit = before;
  return {};
}

void set_message(TriggerEvent& event, std::string_view message) {
  event.title = clip_line(message, 200);
  event.message = clip(message, 8192);
}

void set_paths(TriggerEvent& event, const Json& commits, std::size_t expected) {
  // No commits: a new branch or a forced push, whose changes are against something the payload does not say.
  if (!commits.is_array() || commits.empty() || commits.size() != expected || event.base_commit.empty()) return;
  std::set<std::string> paths;
  const bool complete =
      std::all_of(commits.begin(), commits.end(), [&](const Json& commit) { return take_paths(paths, commit); });
  if (!complete) return;
  event.paths_known = true;
  event.changed_paths.assign(paths.begin(), paths.end());
}

Result<void> set_pull_request(TriggerEvent& event, PullRequest request, std::string ref, std::string head,
                              std::string base) {
  if (request.number <= 0) return fail(Error::Kind::invalid, "the pull request has no number");
  if (!valid_ref_name(request.head_branch)) {
    return fail(Error::Kind::invalid, "not a branch: " + shown(request.head_branch));
  }
  if (!valid_ref_name(request.base_branch)) {
    return fail(Error::Kind::invalid, "not a branch: " + shown(request.base_branch));
  }
  if (!head.empty() && !valid_commit(head)) return fail(Error::Kind::invalid, "not a commit id: " + shown(head));
  if (!base.empty() && !valid_commit(base)) return fail(Error::Kind::invalid, "not a commit id: " + shown(base));
  if (!request.head_repository.empty() && !valid_repository(request.head_repository)) {
    return fail(Error::Kind::invalid, "not a repository: " + shown(request.head_repository));
  }
  event.kind = EventKind::pull_request;
  event.ref = std::move(ref);
  event.branch = request.base_branch;
  event.commit = std::move(head);
  event.base_commit = std::move(base);
  event.pull_request = std::move(request);
  return {};
}

Result<void> set_registry_push(TriggerEvent& event, RegistryPush push) {
  if (!valid_image(push.image)) return fail(Error::Kind::invalid, "not an image's name: " + shown(push.image));
  if (!push.tag.empty() && !valid_image_tag(push.tag)) {
    return fail(Error::Kind::invalid, "not an image's tag: " + shown(push.tag));
  }
  if (!push.digest.empty() && !valid_digest(push.digest)) {
    return fail(Error::Kind::invalid, "not an image's digest: " + shown(push.digest));
  }
  if (push.tag.empty() && push.digest.empty()) {
    return fail(Error::Kind::invalid, "the image pushed has neither tag nor digest");
  }
  event.kind = EventKind::registry;
  event.title = push.image + (push.tag.empty() ? "@" + push.digest : ":" + push.tag) + " was pushed";
  event.registry = std::move(push);
  return {};
}

TriggerEvent other(std::string name, std::string detail) {
  TriggerEvent event;
  event.name = std::move(name);
  event.detail = std::move(detail);
  return event;
}

}  // namespace slipway::triggers
