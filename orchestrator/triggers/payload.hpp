#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "orchestrator/triggers/parse.hpp"

/// What the parsers of the single senders share, and the parsers themselves. For parse.cpp and them alone.
namespace slipway::triggers {

/// At most `limit` bytes of `text`, cut between characters, control characters replaced by spaces.
std::string clip(std::string_view text, std::size_t limit);
/// The same for its first line.
std::string clip_line(std::string_view text, std::size_t limit);

/// A positive whole number, or 0.
std::int64_t count_at(const Json& object, std::string_view key);

/// The value along nested keys, or a null.
const Json& value_below(const Json& object, std::initializer_list<std::string_view> keys);
std::string text_below(const Json& object, std::initializer_list<std::string_view> keys);

/// Sets kind, ref and branch or tag. Neither refs/heads/ nor refs/tags/ is EventKind::other; a name that git would not
/// take is Kind::invalid.
Result<void> set_ref(TriggerEvent& event, const std::string& ref);

/// Sets commit, base_commit and deleted from a push's two ends.
Result<void> set_ends(TriggerEvent& event, const std::string& before, const std::string& after);

/// Title and message from a commit's message.
void set_message(TriggerEvent& event, std::string_view message);

/// The paths that `commits` (objects with added, modified, removed) touch, if they are `expected` in number: else the
/// forge has cut the list and nothing is known.
void set_paths(TriggerEvent& event, const Json& commits, std::size_t expected);

/// Checks a pull request's names and sets kind, ref, commit and base_commit.
Result<void> set_pull_request(TriggerEvent& event, PullRequest request, std::string ref, std::string head,
                              std::string base);

/// Checks names and sets kind and detail.
Result<void> set_registry_push(TriggerEvent& event, RegistryPush push);

/// An event that starts no run; `detail` says what it is.
TriggerEvent other(std::string name, std::string detail);

using Events = std::vector<Parsed>;
Result<TriggerEvent> parse_github(const std::string& name, const Json& payload);
Result<TriggerEvent> parse_gitlab(const std::string& name, const Json& payload);
Result<TriggerEvent> parse_gitea(const std::string& name, const Json& payload);
Result<Events> parse_bitbucket(const std::string& name, const Json& payload);
Result<Events> parse_distribution(const Json& payload);
Result<TriggerEvent> parse_dockerhub(const Json& payload);
Result<TriggerEvent> parse_harbor(const Json& payload);
Result<TriggerEvent> parse_generic(const Json& payload);

}  // namespace slipway::triggers
