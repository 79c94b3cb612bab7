#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "orchestrator/triggers/payload.hpp"

namespace slipway::triggers {
namespace {

/// Unlike a forge, whoever writes this by hand gets told about a key that is misspelt.
Result<void> check_keys(const Json& payload) {
  static constexpr std::array known{"event",  "ref",   "before", "after", "title",
                                    "author", "paths", "image",  "tag",   "digest"};
  if (!payload.is_object()) return fail(Error::Kind::invalid, "the body is not a JSON object");
  for (const auto& [key, value] : payload.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return fail(Error::Kind::invalid, "unknown key '" + clip(key, 40) + "'",
                  "push: ref, before, after, title, author, paths; registry: image, tag, digest");
    }
  }
  return {};
}

Result<TriggerEvent> parse_generic_push(const Json& payload) {
  TriggerEvent event;
  event.name = "push";
  if (Result<void> ref = set_ref(event, text_at(payload, "ref")); !ref) return fail(ref.error());
  Result<void> ends = set_ends(event, text_at(payload, "before"), text_at(payload, "after"));
  if (!ends) return fail(ends.error());
  set_message(event, text_at(payload, "title"));
  event.author = clip_line(text_at(payload, "author"), 100);
  const Json& paths = value_at(payload, "paths");
  if (paths.is_array()) {
    const Json commit = {{"added", paths}, {"modified", Json::array()}, {"removed", Json::array()}};
    set_paths(event, Json::array({commit}), 1);
  }
  return event;
}

Result<TriggerEvent> parse_registry(const Json& payload) {
  TriggerEvent event;
  event.name = "registry";
  RegistryPush push{text_at(payload, "image"), text_at(payload, "tag"), text_at(payload, "digest")};
  if (Result<void> set = set_registry_push(event, std::move(push)); !set) return fail(set.error());
  event.author = clip_line(text_at(payload, "author"), 100);
  return event;
}

}  // namespace

/// `{"event": "push", "ref": "refs/heads/main", "before": "…", "after": "…"}`: docs/api.md.
Result<TriggerEvent> parse_generic(const Json& payload) {
  if (Result<void> known = check_keys(payload); !known) return fail(known.error());
  const std::string name = text_at(payload, "event");
  if (name == "push") return parse_generic_push(payload);
  if (name == "registry") return parse_registry(payload);
  if (name == "ping") {
    TriggerEvent ping = other(name, "");
    ping.kind = EventKind::ping;
    return ping;
  }
  return fail(Error::Kind::invalid, "event is '" + clip(name, 40) + "'", "push, registry or ping");
}

}  // namespace slipway::triggers
