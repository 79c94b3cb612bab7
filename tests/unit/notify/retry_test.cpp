#include "orchestrator/notify/retry.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::notify;
using Kind = Judgement::Kind;

namespace {

constexpr Time now{std::chrono::seconds(1'790'000'000)};

Judgement judged(int status, HttpHeaders headers = {}, std::string body = "") {
  HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::move(body);
  return judge(Result<HttpResponse>(std::move(response)), now);
}

Judgement judged(Error::Kind kind) {
  return judge(fail(kind, "no route to host"), now);
}

}  // namespace

TEST_CASE("what may pass by itself is tried again, what can't is given up") {
  for (const int status : {200, 201, 204}) CHECK(judged(status).kind == Kind::sent);
  for (const int status : {408, 425, 429, 500, 502, 503, 504}) CHECK(judged(status).kind == Kind::again);
  for (const int status : {301, 400, 401, 403, 404, 410, 422}) CHECK(judged(status).kind == Kind::give_up);
  for (const Error::Kind kind : {Error::Kind::unavailable, Error::Kind::timeout, Error::Kind::unauthorized,
                                 Error::Kind::too_large, Error::Kind::cancelled}) {
    CHECK(judged(kind).kind == Kind::again);
  }
  CHECK(judged(Error::Kind::invalid).kind == Kind::give_up);
}

TEST_CASE("a status that GitLab has already is sent") {
  CHECK(judged(400, {}, R"({"message":"Cannot transition status via :run from :running"})").kind == Kind::sent);
}

TEST_CASE("Retry-After and GitHub's rate limit say how long to wait") {
  CHECK(judged(503, {{"retry-after", "120"}}).after == std::chrono::seconds(120));
  CHECK(judged(503, {{"retry-after", "999999999"}}).after == std::chrono::hours(1));
  const Judgement limited = judged(403, {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1790000090"}});
  CHECK(limited.kind == Kind::again);
  CHECK(limited.after == std::chrono::seconds(90));
  CHECK(judged(403, {{"retry-after", "5"}}).kind == Kind::again);
  CHECK(judged(403, {{"x-ratelimit-remaining", "12"}}).kind == Kind::give_up);
  CHECK_FALSE(judged(503, {{"retry-after", "soon"}}).after);
  CHECK_FALSE(judged(503, {{"retry-after", "-5"}}).after);
  CHECK(judged(429, {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1"}}).after == Milliseconds(0));
}

TEST_CASE("a rate limit that only the body tells of asks for a minute") {
  const std::string body = R"({"message":"You have exceeded a secondary Rate Limit. Please wait a few minutes."})";
  for (const int status : {403, 429}) {
    CHECK(judged(status, {}, body).kind == Kind::again);
    CHECK(judged(status, {}, body).after == std::chrono::minutes(1));
    CHECK(judged(status, {{"retry-after", "120"}}, body).after == std::chrono::minutes(2));
  }
  CHECK(judged(422, {}, body).kind == Kind::give_up);
  CHECK(judged(403, {}, R"({"message":"Resource not accessible by personal access token"})").kind == Kind::give_up);
}

TEST_CASE("the reason has the status and one harmless line of what was said") {
  const Judgement verdict = judged(422, {}, "{\"message\":\n\"No commit\x1b[31m\"}" + std::string(1000, 'x'));
  CHECK(verdict.reason.starts_with("the forge answered 422: {\"message\": \"No commit [31m\"}"));
  CHECK(verdict.reason.size() < 260);
}

TEST_CASE("the pause doubles up to an hour, and a part of it is random") {
  CHECK(backoff(1, {}, 0.0) == std::chrono::milliseconds(2500));
  CHECK(backoff(1, {}, 0.999999) >= std::chrono::milliseconds(4990));
  CHECK(backoff(2, {}, 0.0) == std::chrono::seconds(5));
  CHECK(backoff(5, {}, 0.0) == std::chrono::seconds(40));
  CHECK(backoff(11, {}, 0.0) == std::chrono::minutes(30));
  CHECK(backoff(1000, {}, 0.999999) <= std::chrono::hours(1));
}

TEST_CASE("a longer pause that was asked for counts, up to an hour") {
  CHECK(backoff(1, Milliseconds(60'000), 0.0) == std::chrono::minutes(1));
  CHECK(backoff(1, Milliseconds(1), 0.0) == std::chrono::milliseconds(2500));
  CHECK(backoff(1, std::chrono::hours(9), 0.0) == std::chrono::hours(1));
}
