#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::triggers {

enum class EventKind : std::uint8_t { push, tag, pull_request, registry, ping, other };
std::string_view name_of(EventKind kind);

/// What happened to a pull request, as far as it matters here.
enum class PullRequestAction : std::uint8_t { opened, updated, ready, closed, other };

struct PullRequest {
  std::int64_t number = 0;
  PullRequestAction action = PullRequestAction::other;
  bool from_fork = true;  ///< unless the payload shows that both sides are the same repository
  bool draft = false;
  std::string head_repository;  ///< "owner/name" as the forge calls it
  std::string head_branch;
  std::string base_branch;
};

struct RegistryPush {
  std::string image;   ///< with its registry where the payload names one
  std::string tag;     ///< empty: pushed by digest
  std::string digest;  ///< empty where the sender does not say (Docker Hub)
};

/// A verified payload in one vocabulary. Names that a repository or a registry could not have are refused when it is
/// parsed, so `ref`, `branch`, `tag`, `commit` and the registry's names are safe to hand to git and the Engine.
struct TriggerEvent {
  EventKind kind = EventKind::other;
  std::string name;    ///< as the sender calls it: "push", "Merge Request Hook", "PUSH_ARTIFACT"
  std::string detail;  ///< for kind other: what it was, for the ledger's reason

  std::string ref;  ///< what to fetch: refs/heads/…, refs/tags/…, refs/pull/7/head
  std::string branch;
  std::string tag;
  std::string commit;       ///< 40 or 64 hex digits; empty if deleted, or where the sender does not say
  std::string base_commit;  ///< before the push, or the tip of the pull request's base; may be empty
  bool deleted = false;     ///< the branch or tag is gone

  bool paths_known = false;  ///< `changed_paths` is complete
  std::vector<std::string> changed_paths;

  std::string title;    ///< first line of the newest commit's message, or the pull request's title; at most 200 bytes
  std::string message;  ///< what may hold "[skip ci]"; at most 8 KiB
  std::string author;   ///< at most 100 bytes

  std::optional<PullRequest> pull_request;
  std::optional<RegistryPush> registry;
};

}  // namespace slipway::triggers
