#include <catch2/catch.hpp>

#include "images/auth_challenge.hpp"
#include "images/registry_error.hpp"
#include "images/registry_url.hpp"

namespace slipway::images {
namespace {

std::string shown(const HttpHeaders& headers) {
  const auto challenge = find_challenge(headers);
  if (!challenge) return "none";
  const bool bearer = challenge->scheme == AuthChallenge::Scheme::bearer;
  return (bearer ? "bearer " : "basic ") + challenge->realm + "|" + challenge->service + "|" + challenge->scope;
}

std::string shown(const std::string& value) {
  return shown(HttpHeaders{{"www-authenticate", value}});
}

HttpResponse response(int status, std::string body, HttpHeaders headers = {}) {
  HttpResponse answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.headers = std::move(headers);
  return answer;
}

}  // namespace

TEST_CASE("a registry's challenge is read as the HTTP rules have it") {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {R"(Bearer realm="https://a/t",service="s",scope="repository:x:pull")", "bearer https://a/t|s|repository:x:pull"},
      {R"(bearer  realm = "https://a/t" , service=s)", "bearer https://a/t|s|"},
      {R"(Bearer scope="a:b:pull,push",realm="https://a/t")", "bearer https://a/t||a:b:pull,push"},
      {R"(Bearer realm="https://a/\"t\\")", "bearer https://a/\"t\\||"},
      {R"(Basic realm="registry")", "basic registry||"},
      {"Basic", "basic ||"},
      {R"(Basic realm="r", Bearer realm="https://a/t")", "bearer https://a/t||"},
      {R"(Bearer realm="https://a/t", Basic realm="r")", "bearer https://a/t||"},
      {R"(Negotiate, Basic realm="r")", "none"},
      {R"(Negotiate abc Basic realm="r")", "basic r||"},
      {"Bearer", "none"},
      {R"(Bearer realm="unfinished)", "none"},
      {R"(Bearer service="s")", "none"},
      {"", "none"},
      {",,,", "none"},
      {"=====", "none"},
      {std::string("Basic\0x", 7), "basic ||"},
      {"Basic realm=" + std::string(9000, 'x'), "none"},
  };
  for (const auto& [header, meaning] : rows) {
    CAPTURE(header);
    CHECK(shown(header) == meaning);
  }
}

TEST_CASE("of several challenge headers the token one counts") {
  CHECK(shown(HttpHeaders{}) == "none");
  CHECK(shown(HttpHeaders{{"www-authenticate", "Basic realm=r"}, {"www-authenticate", "Bearer realm=x"}}) ==
        "bearer x||");
  CHECK(shown(HttpHeaders{{"www-authenticate", "Bearer realm=x"}, {"www-authenticate", "Basic realm=r"}}) ==
        "bearer x||");
}

TEST_CASE("plain http is for loopback and for registries set to be insecure") {
  RegistrySettings settings;
  settings.insecure = {"registry.internal:5000"};
  settings.ca_files = {{"127.0.0.1:5001", "ca.pem"}};
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"registry.example", "https://registry.example"},
      {"registry.example:5000", "https://registry.example:5000"},
      {"registry.internal:5000", "http://registry.internal:5000"},
      {"registry.internal", "https://registry.internal"},
      {"localhost", "http://localhost"},
      {"localhost:5000", "http://localhost:5000"},
      {"127.0.0.1:5000", "http://127.0.0.1:5000"},
      {"127.0.0.1:5001", "https://127.0.0.1:5001"},
      {"127.8.9.10", "http://127.8.9.10"},
      {"[::1]:5000", "http://[::1]:5000"},
      {"[::2]:5000", "https://[::2]:5000"},
      {"127.0.0.1.evil.example", "https://127.0.0.1.evil.example"},
      {"localhost.evil.example", "https://localhost.evil.example"},
      {"127.evil", "https://127.evil"},
      {"docker.io", "https://registry-1.docker.io"},
  };
  for (const auto& [registry, origin] : rows) {
    CAPTURE(registry);
    CHECK(registry_origin(registry, settings) == origin);
  }
}

TEST_CASE("credentials never go where they could be read on the way") {
  RegistrySettings settings;
  settings.insecure = {"tokens.internal"};
  struct Row {
    const char* origin;
    const char* realm;
    bool trusted;
  };
  const std::vector<Row> rows = {
      {"https://r.example", "https://r.example/token", true},
      {"https://r.example", "https://auth.example/token?x=1", true},
      {"https://r.example", "http://r.example/token", false},
      {"https://r.example", "http://evil.example/token", false},
      {"https://r.example", "http://127.0.0.1/token", false},
      {"https://r.example", "http://tokens.internal/token", false},
      {"http://127.0.0.1:5000", "http://127.0.0.1:5001/token", true},
      {"http://127.0.0.1:5000", "http://localhost:5001/token", true},
      {"http://127.0.0.1:5000", "http://tokens.internal/token", true},
      {"http://127.0.0.1:5000", "http://evil.example/token", false},
      {"http://127.0.0.1:5000", "http://127.0.0.1@evil.example/token", false},
      {"http://127.0.0.1:5000", "http://127.0.0.1\\.evil.example/token", false},
      {"http://127.0.0.1:5000", "https://auth.example/token", true},
      {"http://registry.internal:5000", "http://registry.internal:5001/token", true},
      {"https://r.example", "ftp://r.example/token", false},
      {"https://r.example", "file:///etc/passwd", false},
      {"https://r.example", "https://", false},
      {"https://r.example", "https://user:pass@auth.example/token", false},
      {"https://r.example", "/token", false},
      {"https://r.example", "", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.origin, row.realm);
    CHECK(check_realm(row.realm, row.origin, settings).has_value() == row.trusted);
  }
}

TEST_CASE("what a registry refuses with has a kind of its own") {
  const std::vector<std::pair<int, Error::Kind>> rows = {
      {400, Error::Kind::invalid},     {401, Error::Kind::unauthorized}, {403, Error::Kind::forbidden},
      {404, Error::Kind::not_found},   {408, Error::Kind::unavailable},  {415, Error::Kind::invalid},
      {429, Error::Kind::unavailable}, {500, Error::Kind::unavailable},  {502, Error::Kind::unavailable},
      {503, Error::Kind::unavailable}, {302, Error::Kind::protocol},     {101, Error::Kind::protocol},
  };
  for (const auto& [status, kind] : rows) {
    CAPTURE(status);
    CHECK(registry_error(response(status, "")).kind == kind);
  }
}

TEST_CASE("a registry's own words are shown, in one printable line") {
  const char* denied = R"({"errors":[{"code":"DENIED","message":"no\nway\u001b[31m"}]})";
  CHECK(registry_error(response(403, denied)).message == "the registry answered 403: DENIED, no way [31m");
  CHECK(registry_error(response(404, "<html>")).message == "the registry answered 404");
  CHECK(registry_error(response(404, R"({"errors":{}})")).message == "the registry answered 404");
  CHECK(registry_error(response(404, R"({"errors":[7]})")).message == "the registry answered 404");
  CHECK(registry_error(response(401, R"({"details":"bad credentials"})")).message.ends_with("bad credentials"));
  const std::string long_words = R"({"errors":[{"code":"X","message":")" + std::string(5000, 'x') + "\"}]}";
  CHECK(registry_error(response(400, long_words)).message.size() < 400);
}

TEST_CASE("how long a registry asks to wait is the hint") {
  CHECK(registry_error(response(429, "", {{"retry-after", "30"}})).hint == "the registry asks to wait 30 s");
  CHECK(registry_error(response(503, "", {{"retry-after", "Wed, 25 Nov 2026 03:00:00 GMT"}})).hint ==
        "the registry asks to wait until Wed, 25 Nov 2026 03:00:00 GMT");
  CHECK(registry_error(response(503, "")).hint.empty());
  CHECK(registry_error(response(429, "")).transient());
}

}  // namespace slipway::images
