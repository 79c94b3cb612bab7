#include "orchestrator/triggers/source.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace slipway::triggers {
namespace {

struct Name {
  Source source;
  std::string_view name;
};
constexpr std::array names{
    Name{Source::github, "github"},
    Name{Source::gitlab, "gitlab"},
    Name{Source::gitea, "gitea"},
    Name{Source::bitbucket, "bitbucket"},
    Name{Source::distribution, "distribution"},
    Name{Source::dockerhub, "dockerhub"},
    Name{Source::harbor, "harbor"},
    Name{Source::generic, "generic"},
};

std::string_view event_header(Source source, const HookMessage& message) {
  switch (source) {
    case Source::github:
      return message.header("x-github-event");
    case Source::gitlab:
      return message.header("x-gitlab-event");
    case Source::bitbucket:
      return message.header("x-event-key");
    case Source::gitea: {
      const auto forgejo = message.header("x-forgejo-event");
      return forgejo.empty() ? message.header("x-gitea-event") : forgejo;
    }
    default:
      return {};
  }
}

}  // namespace

std::string_view name_of(Source source) {
  const auto* found = std::find_if(names.begin(), names.end(), [&](const Name& n) { return n.source == source; });
  return found->name;
}

std::optional<Source> source_of(std::string_view name) {
  if (name == "forgejo") return Source::gitea;
  const auto* found = std::find_if(names.begin(), names.end(), [&](const Name& n) { return n.name == name; });
  if (found == names.end()) return std::nullopt;
  return found->source;
}

std::string_view HookMessage::header(std::string_view lower_case_name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& h) { return h.first == lower_case_name; });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<Source> detect(const HookMessage& message) {
  const auto has = [&](std::string_view name) { return !message.header(name).empty(); };
  if (has("x-slipway-signature")) return Source::generic;
  // Forgejo and Gitea also send GitHub's headers, so they come first.
  if (has("x-forgejo-event") || has("x-gitea-event")) return Source::gitea;
  if (has("x-gitlab-event")) return Source::gitlab;
  if (has("x-event-key")) return Source::bitbucket;
  if (has("x-github-event")) return Source::github;
  if (message.header("content-type").starts_with("application/vnd.docker.distribution.events.")) {
    return Source::distribution;
  }
  return std::nullopt;
}

std::string event_name(Source source, const HookMessage& message) {
  std::string name(event_header(source, message).substr(0, 64));
  std::replace_if(
      name.begin(), name.end(),
      [](unsigned char c) { return !std::isalnum(c) && c != '_' && c != '-' && c != ':' && c != ' ' && c != '.'; },
      '?');
  return name;
}

}  // namespace slipway::triggers
