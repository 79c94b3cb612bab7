#include "docker-client/build_request.hpp"

#include <catch2/catch.hpp>

#include "base/encoding.hpp"

using namespace slipway;
using namespace slipway::docker;

namespace {

BuildSpec full_build() {
  BuildSpec spec;
  spec.id = "slip-7-app";
  spec.dockerfile = "deploy/Dockerfile";
  spec.target = "runtime";
  spec.tags = {"shop/app:1", "shop/app:2"};
  spec.arguments = {{"VERSION", "1 & \"2\""}};
  spec.labels = {{"org.opencontainers.image.revision", "abc"}};
  spec.no_cache = true;
  spec.pull = true;
  spec.cache_from = {"shop/app:cache"};
  spec.platform = "linux/amd64";
  spec.network = "none";
  spec.extra_hosts = {"db:192.0.2.1"};
  spec.memory_bytes = 1 << 20;
  return spec;
}

using Query = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE("everything in a build's spec reaches the request") {
  const auto request = build_request(full_build(), Builder::buildkit);
  REQUIRE(request);
  CHECK(request->method == "POST");
  CHECK(request->path == "/build");
  CHECK(request->content_type == "application/x-tar");
  CHECK(request->query == Query{{"version", "2"},
                                {"buildid", "slip-7-app"},
                                {"dockerfile", "deploy/Dockerfile"},
                                {"target", "runtime"},
                                {"platform", "linux/amd64"},
                                {"networkmode", "none"},
                                {"t", "shop/app:1"},
                                {"t", "shop/app:2"},
                                {"extrahosts", "db:192.0.2.1"},
                                {"buildargs", R"({"VERSION":"1 & \"2\""})"},
                                {"labels", R"({"org.opencontainers.image.revision":"abc"})"},
                                {"cachefrom", R"(["shop/app:cache"])"},
                                {"nocache", "1"},
                                {"pull", "1"}});
}

TEST_CASE("the classic builder gets limits, clean-up and all credentials") {
  BuildSpec spec = full_build();
  RegistryAuth auth;
  auth.username = "me";
  auth.password = Secret("p\xc3\xa4ss");
  spec.credentials.emplace("registry.example:5000", auth);
  const auto request = build_request(spec, Builder::classic);
  REQUIRE(request);
  const auto has = [&](const std::string& name, const std::string& value) {
    return std::find(request->query.begin(), request->query.end(), std::pair(name, value)) != request->query.end();
  };
  CHECK(has("version", "1"));
  CHECK(has("rm", "1"));
  CHECK(has("forcerm", "1"));
  CHECK(has("memory", "1048576"));
  REQUIRE(request->headers.size() == 1);
  CHECK(request->headers[0].first == "X-Registry-Config");
  CHECK(from_base64url(request->headers[0].second) ==
        R"({"registry.example:5000":{"password":"päss","username":"me"}})");
}

TEST_CASE("BuildKit with credentials is refused, with the ways around it") {
  BuildSpec spec = full_build();
  spec.credentials.emplace("registry.example", RegistryAuth());
  const auto request = build_request(spec, Builder::buildkit);
  REQUIRE_FALSE(request);
  CHECK(request.error().kind == Error::Kind::invalid);
  CHECK(request.error().hint.find("pull") != std::string::npos);
}

TEST_CASE("a build without an id or a Dockerfile is refused") {
  BuildSpec spec = full_build();
  spec.id.clear();
  CHECK_FALSE(build_request(spec, Builder::buildkit));
  spec.id = std::string(200, 'x');
  CHECK_FALSE(build_request(spec, Builder::buildkit));
  spec = full_build();
  spec.dockerfile.clear();
  CHECK_FALSE(build_request(spec, Builder::buildkit));
}

TEST_CASE("the ping tells which builder an engine has") {
  CHECK(builder_of({{"api-version", "1.41"}, {"ostype", "linux"}}) == Builder::buildkit);
  CHECK(builder_of({{"api-version", "1.45"}, {"builder-version", "2"}}) == Builder::buildkit);
  CHECK(builder_of({{"api-version", "1.45"}, {"builder-version", "1"}}) == Builder::classic);
  CHECK(builder_of({{"api-version", "1.45"}, {"builder-version", "2"}, {"ostype", "windows"}}) == Builder::classic);
  CHECK(builder_of({{"api-version", "1.38"}}) == Builder::classic);
  CHECK(builder_of({}) == Builder::classic);
}

TEST_CASE("nobody is said with an empty object, since the engine wants it said") {
  CHECK(auth_header(RegistryAuth()).reveal() == "e30=");
}

TEST_CASE("credentials are base64url, with padding and without + and /") {
  RegistryAuth auth;
  auth.username = "me";
  auth.password = Secret("\xc3\xbf\xc3\xbe?>~~~");
  auth.server = "registry.example";
  const std::string value = auth_header(auth).reveal();
  CHECK(value.find_first_of("+/") == std::string::npos);
  CHECK(value.size() % 4 == 0);
  CHECK(from_base64url(value) ==
        "{\"password\":\"\xc3\xbf\xc3\xbe?>~~~\",\"serveraddress\":\"registry.example\",\"username\":\"me\"}");
}

TEST_CASE("an identity token takes the password's place") {
  RegistryAuth auth;
  auth.username = "me";
  auth.password = Secret("unused");
  auth.identity_token = Secret("token");
  CHECK(from_base64url(auth_header(auth).reveal()) == R"({"identitytoken":"token"})");
}
