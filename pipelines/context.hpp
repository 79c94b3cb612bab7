#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::pipelines {

/// What a run is started by.
enum class Event : std::uint8_t { push, tag, pull_request, registry, manual };
/// "push", "tag" …: what `event` is in expressions.
std::string_view name_of(Event event);
std::optional<Event> event_named(std::string_view name);

struct Commit {
  std::string sha;  ///< 40 (or 64) hex digits
  std::string message;
  std::string author;
};

struct PullRequest {
  std::int64_t number = 0;
  bool from_fork = false;
  std::string base;  ///< the branch it wants to go to
  std::string head;  ///< the branch it comes from
};

/// What a registry said was pushed.
struct RegistryPush {
  std::string image;  ///< without a tag: registry.example/base/python
  std::string tag;
  std::string digest;
};

/// All that a file is planned for: one event at one commit. Everything but `project` and `event` may be an attacker's.
struct Context {
  std::string project;
  Event event = Event::manual;
  std::string ref;     ///< refs/heads/main, refs/tags/v1 …
  std::string branch;  ///< of a push or a manual run; a pull request's head; else empty
  std::string tag;     ///< of a tag; else empty
  Commit commit;
  std::optional<PullRequest> pull_request;
  std::optional<RegistryPush> registry;
  std::map<std::string, std::string> parameters;          ///< as given by hand; their types are checked by the plan
  std::optional<std::vector<std::string>> changed_paths;  ///< nothing: not known
};

}  // namespace slipway::pipelines
