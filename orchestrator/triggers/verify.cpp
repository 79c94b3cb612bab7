#include "orchestrator/triggers/verify.hpp"

#include <charconv>

#include "base/encoding.hpp"

namespace slipway::triggers {
namespace {

tl::unexpected<Error> refuse(std::string why, std::string hint = {}) {
  return fail(Error::Kind::unauthorized, std::move(why), std::move(hint));
}

const char* const mend = "the sender's secret has to be the project's hook secret";

Result<void> check_hmac(std::string_view hex, std::string_view signed_bytes, const HookKey& key,
                        std::string_view what) {
  const Result<std::string> given = from_hex(hex);
  if (!given) return refuse(std::string(what) + " is not a hex digest");
  if (!equal_constant_time(*given, hmac_sha256(key.secret.reveal(), signed_bytes))) {
    return refuse(std::string(what) + " does not match the body", mend);
  }
  return {};
}

/// `sha256=<hex>` in `header`.
Result<void> check_prefixed(const HookMessage& message, const std::string& header, const HookKey& key) {
  const std::string_view value = message.header(header);
  if (value.empty()) return refuse("no " + header + " header", "set the project's hook secret at the sender");
  if (!value.starts_with("sha256=")) return refuse(header + " is not sha256=<hex>");
  return check_hmac(value.substr(7), message.body, key, header);
}

Result<void> check_window(std::string_view seconds, Time now, std::string_view what) {
  std::int64_t stamp = 0;
  const auto [end, error] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), stamp);
  if (error != std::errc() || end != seconds.data() + seconds.size() || stamp < 0 || stamp > 1'000'000'000'000) {
    return refuse(std::string(what) + " is not a time in seconds since 1970");
  }
  const auto distance = now - Time(std::chrono::seconds(stamp));
  if (distance > replay_window || distance < -replay_window) {
    return refuse(std::string(what) + " is more than 5 minutes off", "check the sender's clock and ours");
  }
  return {};
}

Result<void> check_gitea(const HookMessage& message, const HookKey& key) {
  for (const char* header : {"x-forgejo-signature", "x-gitea-signature"}) {
    const std::string_view value = message.header(header);
    if (!value.empty()) return check_hmac(value, message.body, key, header);
  }
  return refuse("no X-Forgejo-Signature or X-Gitea-Signature header", "set the project's hook secret at the sender");
}

/// Standard Webhooks: the key is what follows "whsec_" in base64, or the secret itself; several signatures may come.
Result<void> check_standard_webhook(const HookMessage& message, const HookKey& key, Time now) {
  const std::string_view stamp = message.header("webhook-timestamp");
  if (Result<void> fresh = check_window(stamp, now, "webhook-timestamp"); !fresh) return fresh;
  Secret secret = key.secret;
  if (secret.reveal().starts_with("whsec_")) {
    Result<std::string> decoded = from_base64(secret.reveal().substr(6));
    if (decoded) secret = Secret(std::move(*decoded));
  }
  std::string content(message.header("webhook-id"));
  content.append(".").append(stamp).append(".").append(message.body);
  const std::string expected = to_base64(hmac_sha256(secret.reveal(), content));
  std::string_view rest = message.header("webhook-signature");
  bool matched = false;
  for (int count = 0; !rest.empty() && count < 8; ++count) {
    const std::string_view one = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    if (one.starts_with("v1,") && equal_constant_time(one.substr(3), expected)) matched = true;
  }
  if (!matched) return refuse("webhook-signature does not match the body", mend);
  return {};
}

/// Compares digests, so that not even the secret's length shows in the time it takes.
bool same_secret(std::string_view given, const HookKey& key) {
  return equal_constant_time(sha256_hex(given), sha256_hex(key.secret.reveal()));
}

Result<void> check_gitlab(const HookMessage& message, const HookKey& key, Time now) {
  if (!message.header("webhook-signature").empty()) return check_standard_webhook(message, key, now);
  const std::string_view token = message.header("x-gitlab-token");
  if (token.empty()) return refuse("no X-Gitlab-Token header", "set the project's hook secret at the sender");
  if (!same_secret(token, key)) return refuse("X-Gitlab-Token is wrong", mend);
  return {};
}

Result<void> check_bitbucket(const HookMessage& message, const HookKey& key) {
  if (message.header("x-hub-signature").empty() && key.allow_unsigned) return {};
  return check_prefixed(message, "x-hub-signature", key);
}

Result<void> check_generic(const HookMessage& message, const HookKey& key, Time now) {
  const std::string_view signature = message.header("x-slipway-signature");
  if (!signature.starts_with("sha256=")) return refuse("X-Slipway-Signature is not sha256=<hex>");
  const std::string_view stamp = message.header("x-slipway-timestamp");
  if (Result<void> fresh = check_window(stamp, now, "X-Slipway-Timestamp"); !fresh) return fresh;
  std::string content(stamp);
  content.append(".").append(message.body);
  return check_hmac(signature.substr(7), content, key, "X-Slipway-Signature");
}

/// The secret out of an Authorization header: bare, after "Bearer ", or the password of "Basic ".
std::string secret_in(std::string_view authorization) {
  if (authorization.starts_with("Bearer ")) return std::string(authorization.substr(7));
  if (!authorization.starts_with("Basic ")) return std::string(authorization);
  const Result<std::string> pair = from_base64(authorization.substr(6));
  if (!pair) return {};
  const auto colon = pair->find(':');
  return colon == std::string::npos ? std::string() : pair->substr(colon + 1);
}

Result<void> check_static(const HookMessage& message, const HookKey& key) {
  const std::string_view authorization = message.header("authorization");
  if (authorization.empty() && message.token.empty()) {
    return refuse("neither an Authorization header nor a token in the URL");
  }
  const std::string given = authorization.empty() ? message.token : secret_in(authorization);
  if (!same_secret(given, key)) return refuse("the secret sent is wrong", mend);
  return {};
}

Result<void> check_url_token(const HookMessage& message, const HookKey& key) {
  if (message.token.empty()) return refuse("no token in the URL", "append ?token=<the project's hook secret>");
  if (!same_secret(message.token, key)) return refuse("the token in the URL is wrong", mend);
  return {};
}

}  // namespace

Result<void> verify(Source source, const HookMessage& message, const HookKey& key, Time now) {
  if (key.secret.empty())
    return refuse("the project has no hook secret", "set one: slipway project edit NAME --hook-secret-stdin");
  switch (source) {
    case Source::github:
      return check_prefixed(message, "x-hub-signature-256", key);
    case Source::gitlab:
      return check_gitlab(message, key, now);
    case Source::gitea:
      return check_gitea(message, key);
    case Source::bitbucket:
      return check_bitbucket(message, key);
    case Source::distribution:
    case Source::harbor:
      return check_static(message, key);
    case Source::dockerhub:
      return check_url_token(message, key);
    case Source::generic:
      return check_generic(message, key, now);
  }
  return refuse("unknown sender");
}

}  // namespace slipway::triggers
