#include "orchestrator/triggers/parse.hpp"

#include <nlohmann/json.hpp>

#include "orchestrator/triggers/payload.hpp"

namespace slipway::triggers {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode_form(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (text[i] == '%' && high >= 0 && low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

/// GitHub and Gitea may be set to post a form whose field `payload` holds the JSON.
std::string json_text(const HookMessage& message) {
  if (!message.header("content-type").starts_with("application/x-www-form-urlencoded")) return message.body;
  std::string_view rest = message.body;
  while (!rest.empty()) {
    const std::string_view field = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), field.size() + 1));
    if (field.starts_with("payload=")) return decode_form(field.substr(8));
  }
  return {};
}

Result<Events> dispatch(Source source, const std::string& name, const Json& payload) {
  if (source == Source::bitbucket) return parse_bitbucket(name, payload);
  if (source == Source::distribution) return parse_distribution(payload);
  Result<TriggerEvent> event = [&] {
    switch (source) {
      case Source::github:
        return parse_github(name, payload);
      case Source::gitlab:
        return parse_gitlab(name, payload);
      case Source::gitea:
        return parse_gitea(name, payload);
      case Source::dockerhub:
        return parse_dockerhub(payload);
      case Source::harbor:
        return parse_harbor(payload);
      default:
        return parse_generic(payload);
    }
  }();
  if (!event) return fail(event.error());
  Events events;
  events.push_back({std::move(*event), ""});
  return events;
}

}  // namespace

std::string_view name_of(EventKind kind) {
  switch (kind) {
    case EventKind::push:
      return "push";
    case EventKind::tag:
      return "tag";
    case EventKind::pull_request:
      return "pull_request";
    case EventKind::registry:
      return "registry";
    case EventKind::ping:
      return "ping";
    case EventKind::other:
      return "other";
  }
  return "";
}

Result<std::vector<Parsed>> parse(Source source, const HookMessage& message) {
  Result<Json> payload = parse_json(json_text(message));
  if (!payload) return fail(payload.error().in("payload"));
  if (!payload->is_object()) return fail(Error::Kind::invalid, "payload: not a JSON object");
  const std::string name = event_name(source, message);
  Result<Events> events = dispatch(source, name, *payload);
  if (!events) return fail(events.error().in("payload"));
  for (Parsed& parsed : *events) {
    if (parsed.event.name.empty()) parsed.event.name = name;
  }
  return events;
}

}  // namespace slipway::triggers
