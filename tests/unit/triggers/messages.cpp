#include "tests/unit/triggers/messages.hpp"

#include "base/encoding.hpp"

namespace slipway::triggers {

void set_header(HookMessage& message, const std::string& name, const std::string& value) {
  std::erase_if(message.headers, [&](const auto& header) { return header.first == name; });
  if (!value.empty()) message.headers.emplace_back(name, value);
}

HookMessage message_from(Source source, const std::string& event, std::string body) {
  HookMessage message;
  message.body = std::move(body);
  set_header(message, "content-type", "application/json");
  switch (source) {
    case Source::github:
      set_header(message, "x-github-event", event);
      break;
    case Source::gitlab:
      set_header(message, "x-gitlab-event", event);
      break;
    case Source::bitbucket:
      set_header(message, "x-event-key", event);
      break;
    case Source::gitea:
      set_header(message, "x-gitea-event", event);
      set_header(message, "x-github-event", event);
      break;
    case Source::distribution:
      set_header(message, "content-type", "application/vnd.docker.distribution.events.v2+json");
      break;
    default:
      break;
  }
  return message;
}

void sign(Source source, HookMessage& message, const std::string& secret, std::int64_t seconds) {
  const std::string digest = to_hex(hmac_sha256(secret, message.body));
  const std::string stamp = std::to_string(seconds);
  switch (source) {
    case Source::github:
      set_header(message, "x-hub-signature-256", "sha256=" + digest);
      break;
    case Source::gitlab:
      set_header(message, "x-gitlab-token", secret);
      break;
    case Source::gitea:
      set_header(message, "x-gitea-signature", digest);
      break;
    case Source::bitbucket:
      set_header(message, "x-hub-signature", "sha256=" + digest);
      break;
    case Source::distribution:
    case Source::harbor:
      set_header(message, "authorization", "Bearer " + secret);
      break;
    case Source::dockerhub:
      message.token = secret;
      break;
    case Source::generic:
      set_header(message, "x-slipway-timestamp", stamp);
      set_header(message, "x-slipway-signature", "sha256=" + to_hex(hmac_sha256(secret, stamp + "." + message.body)));
      break;
  }
}

}  // namespace slipway::triggers
