#include "orchestrator/triggers/verify.hpp"

#include <catch2/catch.hpp>

#include "base/encoding.hpp"
#include "tests/unit/triggers/messages.hpp"

using namespace slipway;
using namespace slipway::triggers;

namespace {

constexpr std::int64_t now_seconds = 1'790'000'000;
constexpr Time now{std::chrono::seconds(now_seconds)};
const std::string hook_secret = "It's a Secret to Everybody";
const std::string body = "Hello, World!";

constexpr std::array all_sources{Source::github,       Source::gitlab,    Source::gitea,  Source::bitbucket,
                                 Source::distribution, Source::dockerhub, Source::harbor, Source::generic};

HookKey key_of(const std::string& text = hook_secret) {
  HookKey key;
  key.secret = Secret(text);
  return key;
}

HookMessage signed_message(Source source, const std::string& with = hook_secret, std::int64_t seconds = now_seconds) {
  HookMessage message = message_from(source, "push", body);
  sign(source, message, with, seconds);
  return message;
}

bool refused(Source source, const HookMessage& message, const HookKey& key = key_of()) {
  const Result<void> result = verify(source, message, key, now);
  if (result) return false;
  CHECK(result.error().kind == Error::Kind::unauthorized);
  CHECK_FALSE(result.error().message.empty());
  // What is told must not help to guess.
  CHECK(result.error().message.find(hook_secret) == std::string::npos);
  return true;
}

}  // namespace

TEST_CASE("the published example of GitHub's signature is accepted") {
  HookMessage message = message_from(Source::github, "push", body);
  set_header(message, "x-hub-signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
  CHECK(verify(Source::github, message, key_of(), now));
}

TEST_CASE("every sender's right proof is accepted") {
  for (const Source source : all_sources) {
    CAPTURE(name_of(source));
    CHECK(verify(source, signed_message(source), key_of(), now));
  }
}

TEST_CASE("every sender is refused with another secret, no proof, or no secret set") {
  for (const Source source : all_sources) {
    CAPTURE(name_of(source));
    CHECK(refused(source, signed_message(source, "another secret")));
    CHECK(refused(source, signed_message(source, "")));
    CHECK(refused(source, message_from(source, "push", body)));
    CHECK(refused(source, signed_message(source), key_of("")));
    CHECK(refused(source, signed_message(source, ""), key_of("")));
    CHECK(verify(source, signed_message(source), key_of(""), now).error().hint ==
          "set one: slipway project edit NAME --hook-secret-stdin");
  }
}

TEST_CASE("every signature is over the body's every byte") {
  for (const Source source : {Source::github, Source::gitea, Source::bitbucket, Source::generic}) {
    CAPTURE(name_of(source));
    for (std::size_t i = 0; i < body.size(); ++i) {
      HookMessage message = signed_message(source);
      message.body[i] = static_cast<char>(message.body[i] ^ 1);
      CHECK(refused(source, message));
    }
    HookMessage longer = signed_message(source);
    longer.body += '\n';
    CHECK(refused(source, longer));
    HookMessage empty = signed_message(source);
    empty.body.clear();
    CHECK(refused(source, empty));
  }
}

TEST_CASE("a damaged signature is refused") {
  const std::pair<Source, const char*> headers[] = {
      {Source::github, "x-hub-signature-256"}, {Source::gitea, "x-gitea-signature"},
      {Source::bitbucket, "x-hub-signature"},  {Source::generic, "x-slipway-signature"},
      {Source::gitlab, "x-gitlab-token"},      {Source::distribution, "authorization"},
      {Source::harbor, "authorization"}};
  for (const auto& [source, header] : headers) {
    const std::string good(signed_message(source).header(header));
    const std::string damaged[] = {good.substr(0, good.size() - 1),
                                   good.substr(0, good.size() - 2),
                                   good + "0",
                                   good + "00",
                                   " " + good,
                                   good.substr(good.size() / 2),
                                   "sha1=" + good,
                                   "sha256=",
                                   "sha256=zz",
                                   "=",
                                   std::string(10000, 'a'),
                                   std::string("sha256=\0", 8),
                                   "\xff\xfe"};
    for (const std::string& value : damaged) {
      HookMessage message = signed_message(source);
      set_header(message, header, value);
      CAPTURE(name_of(source), value);
      CHECK(refused(source, message));
    }
  }
}

TEST_CASE("a proof of one sender is none of another's") {
  for (const Source claimed : {Source::github, Source::gitlab, Source::gitea, Source::generic, Source::dockerhub}) {
    for (const Source real : {Source::github, Source::gitlab, Source::gitea, Source::generic}) {
      if (claimed == real) continue;
      CAPTURE(name_of(claimed), name_of(real));
      CHECK(refused(claimed, signed_message(real)));
    }
  }
}

TEST_CASE("a stamped signature counts for five minutes before and after") {
  for (const std::int64_t off : {0, 299, 300, -299, -300}) {
    CHECK(verify(Source::generic, signed_message(Source::generic, hook_secret, now_seconds + off), key_of(), now));
  }
  for (const std::int64_t off : {301, -301, 86400, -86400}) {
    CHECK(refused(Source::generic, signed_message(Source::generic, hook_secret, now_seconds + off)));
  }
}

TEST_CASE("a stamp that was changed, or is none, is refused") {
  const std::string stamps[] = {"",
                                std::to_string(now_seconds + 1),
                                std::to_string(now_seconds) + ".0",
                                "+1790000000",
                                "-1",
                                "1e9",
                                "99999999999999999999",
                                "now",
                                "2026-09-21T14:13:20Z",
                                " 1790000000"};
  for (const std::string& stamp : stamps) {
    CAPTURE(stamp);
    HookMessage message = signed_message(Source::generic);
    set_header(message, "x-slipway-timestamp", stamp);
    CHECK(refused(Source::generic, message));
  }
}

TEST_CASE("GitLab's newer signature is over id, time and body, and wins over the token") {
  const auto with_signature = [](const std::string& key, std::int64_t seconds) {
    HookMessage message = message_from(Source::gitlab, "Push Hook", body);
    const std::string stamp = std::to_string(seconds);
    set_header(message, "webhook-id", "msg_1");
    set_header(message, "webhook-timestamp", stamp);
    set_header(message, "webhook-signature", "v1," + to_base64(hmac_sha256(key, "msg_1." + stamp + "." + body)));
    return message;
  };
  CHECK(verify(Source::gitlab, with_signature(hook_secret, now_seconds), key_of(), now));
  CHECK(refused(Source::gitlab, with_signature("other", now_seconds)));
  CHECK(refused(Source::gitlab, with_signature(hook_secret, now_seconds - 301)));

  const std::string raw(24, 'k');
  CHECK(verify(Source::gitlab, with_signature(raw, now_seconds), key_of("whsec_" + to_base64(raw)), now));

  HookMessage several = with_signature(hook_secret, now_seconds);
  set_header(several, "webhook-signature", "v1,AAAA v2,BBBB " + std::string(several.header("webhook-signature")));
  CHECK(verify(Source::gitlab, several, key_of(), now));

  HookMessage other_id = with_signature(hook_secret, now_seconds);
  set_header(other_id, "webhook-id", "msg_2");
  CHECK(refused(Source::gitlab, other_id));

  HookMessage wrong_but_token = with_signature("other", now_seconds);
  set_header(wrong_but_token, "x-gitlab-token", hook_secret);
  CHECK(refused(Source::gitlab, wrong_but_token));
}

TEST_CASE("Forgejo's header counts before Gitea's") {
  HookMessage message = signed_message(Source::gitea);
  set_header(message, "x-forgejo-signature", std::string(message.header("x-gitea-signature")));
  CHECK(verify(Source::gitea, message, key_of(), now));
  set_header(message, "x-forgejo-signature", std::string(64, '0'));
  CHECK(refused(Source::gitea, message));
}

TEST_CASE("a Bitbucket delivery without a signature is taken only where the project allows it, a wrong one never") {
  HookKey lenient = key_of();
  lenient.allow_unsigned = true;
  const HookMessage bare = message_from(Source::bitbucket, "repo:push", body);
  CHECK(refused(Source::bitbucket, bare));
  CHECK(verify(Source::bitbucket, bare, lenient, now));
  CHECK(refused(Source::bitbucket, signed_message(Source::bitbucket, "other"), lenient));
  for (const Source source : all_sources) {
    if (source != Source::bitbucket) CHECK(refused(source, message_from(source, "push", body), lenient));
  }
}

TEST_CASE("a registry may send the secret bare, as Bearer, as Basic's password, or in the URL") {
  for (const Source source : {Source::distribution, Source::harbor}) {
    for (const std::string& value : {hook_secret, "Bearer " + hook_secret, "Basic " + to_base64("user:" + hook_secret),
                                     "Basic " + to_base64(":" + hook_secret)}) {
      HookMessage message = message_from(source, "", body);
      set_header(message, "authorization", value);
      CHECK(verify(source, message, key_of(), now));
    }
    for (const std::string& value :
         {"Basic " + to_base64(hook_secret), std::string("Basic !!!"), std::string("Bearer"), "bearer " + hook_secret,
          "Basic " + to_base64("user:" + hook_secret + ":x"), "Digest " + hook_secret}) {
      HookMessage message = message_from(source, "", body);
      set_header(message, "authorization", value);
      CHECK(refused(source, message));
    }
    HookMessage by_url = message_from(source, "", body);
    by_url.token = hook_secret;
    CHECK(verify(source, by_url, key_of(), now));
    set_header(by_url, "authorization", "Bearer wrong");
    CHECK(refused(source, by_url));
  }
}

TEST_CASE("the token in the URL is no proof for who can sign") {
  for (const Source source : {Source::github, Source::gitlab, Source::gitea, Source::bitbucket, Source::generic}) {
    HookMessage message = message_from(source, "push", body);
    message.token = hook_secret;
    CHECK(refused(source, message));
  }
}
