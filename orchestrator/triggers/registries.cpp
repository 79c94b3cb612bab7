#include <nlohmann/json.hpp>

#include "orchestrator/triggers/payload.hpp"
#include "orchestrator/triggers/ref_name.hpp"

namespace slipway::triggers {
namespace {

/// https://distribution.github.io/distribution/about/notifications/
Result<TriggerEvent> parse_distribution_event(const Json& source) {
  RegistryPush push;
  const std::string host = text_below(source, {"request", "host"});
  push.image = (host.empty() ? "" : host + "/") + text_below(source, {"target", "repository"});
  push.tag = text_below(source, {"target", "tag"});
  push.digest = text_below(source, {"target", "digest"});
  TriggerEvent event;
  event.name = "push";
  if (Result<void> set = set_registry_push(event, std::move(push)); !set) return fail(set.error());
  event.author = clip_line(text_below(source, {"actor", "name"}), 100);
  return event;
}

/// A push of a layer or of a manifest without a tag starts nothing.
bool is_tag_push(const Json& source) {
  return text_at(source, "action") == "push" && !text_below(source, {"target", "tag"}).empty();
}

/// "hub.example/library/debian:latest" without the tag; a port's colon stays.
std::string without_tag(std::string url) {
  const auto at = url.find('@');
  if (at != std::string::npos) url.resize(at);
  const auto colon = url.rfind(':');
  const auto slash = url.rfind('/');
  if (colon != std::string::npos && (slash == std::string::npos || colon > slash)) url.resize(colon);
  return url;
}

}  // namespace

Result<Events> parse_distribution(const Json& payload) {
  const Json& list = value_at(payload, "events");
  if (!list.is_array()) return fail(Error::Kind::invalid, "events is missing");
  Events events;
  for (const Json& source : list) {
    if (!is_tag_push(source)) continue;
    if (events.size() == max_events) return fail(Error::Kind::too_large, "more than 20 pushes in one envelope");
    Result<TriggerEvent> event = parse_distribution_event(source);
    if (!event) return fail(event.error());
    const Json alone = {{"events", Json::array({source})}};
    events.push_back({std::move(*event), list.size() > 1 ? dump_json(alone) : std::string()});
  }
  if (events.empty()) events.push_back({other("", "no image was pushed with a tag"), ""});
  return events;
}

/// https://docs.docker.com/docker-hub/repos/manage/webhooks/
Result<TriggerEvent> parse_dockerhub(const Json& payload) {
  RegistryPush push;
  push.image = "docker.io/" + text_below(payload, {"repository", "repo_name"});
  push.tag = text_below(payload, {"push_data", "tag"});
  TriggerEvent event;
  event.name = "push";
  if (Result<void> set = set_registry_push(event, std::move(push)); !set) return fail(set.error());
  event.author = clip_line(text_below(payload, {"push_data", "pusher"}), 100);
  return event;
}

/// https://goharbor.io/docs/ (Configure Webhook Notifications): its own JSON, or CloudEvents with the same data.
Result<TriggerEvent> parse_harbor(const Json& payload) {
  const bool cloud_event = !text_at(payload, "specversion").empty();
  const std::string type = text_at(payload, "type");
  if (type != (cloud_event ? "harbor.artifact.pushed" : "PUSH_ARTIFACT")) return other(clip(type, 64), "");
  const Json& data = value_at(payload, cloud_event ? "data" : "event_data");
  const Json& resources = value_at(data, "resources");
  if (!resources.is_array() || resources.empty()) return fail(Error::Kind::invalid, "resources is missing");
  const Json& resource = resources.front();
  RegistryPush push;
  push.image = without_tag(text_at(resource, "resource_url"));
  push.digest = text_at(resource, "digest");
  // Harbor gives the digest as the tag of an artifact that was pushed without one.
  const std::string tag = text_at(resource, "tag");
  if (tag != push.digest) push.tag = tag;
  TriggerEvent event;
  event.name = type;
  if (Result<void> set = set_registry_push(event, std::move(push)); !set) return fail(set.error());
  event.author = clip_line(text_at(payload, "operator"), 100);
  return event;
}

}  // namespace slipway::triggers
