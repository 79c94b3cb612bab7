#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::triggers {

/// Who sends a webhook. Forgejo is `gitea`: same payloads, other header names. `generic` is any program that signs.
enum class Source : std::uint8_t { github, gitlab, gitea, bitbucket, distribution, dockerhub, harbor, generic };

/// "github", …: as in `/hooks/{project}/{source}` and in the ledger.
std::string_view name_of(Source source);
/// Also takes "forgejo".
std::optional<Source> source_of(std::string_view name);

/// A webhook as it came: nothing in it is trusted until `verify` has passed.
struct HookMessage {
  /// Names in lower case.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string token;  ///< the URL's `token` parameter
  std::string body;   ///< raw

  /// The first header of that name; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;
};

/// The sender by its headers alone. Docker Hub and Harbor can't be told so: their URL has to name them.
std::optional<Source> detect(const HookMessage& message);

/// What the sender calls this event, from its headers (at most 64 characters, none of them special); empty where the
/// payload alone says it.
std::string event_name(Source source, const HookMessage& message);

}  // namespace slipway::triggers
