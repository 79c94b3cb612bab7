#include "images/credentials.hpp"

#include <cstdlib>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "tests/support/run_async.hpp"
#include "tests/unit/images/tree.hpp"

namespace slipway::images {
namespace {

const std::string kSecret = "s3cr3t-pass";

/// A folder at the front of PATH, for helpers.
class Helpers {
 public:
  Helpers() : old_path_(std::getenv("PATH")) { setenv("PATH", (tree_.path().string() + ":" + old_path_).c_str(), 1); }
  Helpers(const Helpers&) = delete;
  Helpers& operator=(const Helpers&) = delete;
  ~Helpers() { setenv("PATH", old_path_.c_str(), 1); }
  void add(const std::string& name, const std::string& script) const {
    tree_.file("docker-credential-" + name, "#!/bin/sh\n" + script, 0755);
  }

 private:
  Tree tree_;
  std::string old_path_;
};

docker::RegistryAuth ask(const Credentials& credentials, const std::string& registry) {
  Result<docker::RegistryAuth> auth = run_async(credentials.for_registry(registry));
  CAPTURE(auth ? "" : auth.error().message);
  REQUIRE(auth);
  return *auth;
}

std::string config(const std::string& registry, const std::string& entry) {
  return R"({"auths": {")" + registry + R"(": )" + entry + "}}";
}

}  // namespace

TEST_CASE("a registry has one key, however it is written") {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"registry.example", "registry.example"},
      {"registry.example:5000", "registry.example:5000"},
      {"https://registry.example:5000", "registry.example:5000"},
      {"http://registry.example/v2/", "registry.example"},
      {"https://registry.example/v1/shop/app", "registry.example"},
      {"registry.example/shop", "registry.example"},
      {"Registry.Example", "registry.example"},
      {"https://index.docker.io/v1/", "docker.io"},
      {"index.docker.io", "docker.io"},
      {"registry-1.docker.io", "docker.io"},
      {"docker.io", "docker.io"},
      {"[::1]:5000", "[::1]:5000"},
      {"", ""},
  };
  for (const auto& [written, key] : rows) {
    CAPTURE(written);
    CHECK(registry_key(written) == key);
  }
}

TEST_CASE("a config file's own entries are decoded") {
  const std::string pair = to_base64("user:" + kSecret + ":with:colons");
  const Credentials credentials =
      *Credentials::parse(config("https://registry.example:5000/v2/", R"({"auth": ")" + pair + R"("})"));
  const docker::RegistryAuth auth = ask(credentials, "registry.example:5000");
  CHECK(auth.username == "user");
  CHECK(auth.password.reveal() == kSecret + ":with:colons");
  CHECK(auth.server == "registry.example:5000");
  CHECK(ask(credentials, "other.example").anonymous());
  CHECK(credentials.known() == std::vector<std::string>{"registry.example:5000"});
}

TEST_CASE("Docker Hub's entry is found under any of its names and keeps the server name that engines expect") {
  const std::string pair = to_base64("user:" + kSecret);
  const Credentials credentials =
      *Credentials::parse(config("https://index.docker.io/v1/", R"({"auth": ")" + pair + R"("})"));
  CHECK(ask(credentials, "docker.io").username == "user");
  CHECK(ask(credentials, "docker.io").server == "https://index.docker.io/v1/");
}

TEST_CASE("plain user and password, padding bytes and identity tokens are understood") {
  CHECK(ask(*Credentials::parse(config("r.example", R"({"username": "u", "password": "p"})")), "r.example").username ==
        "u");
  const std::string padded = to_base64(std::string("u:p\0\0", 5));
  CHECK(ask(*Credentials::parse(config("r.example", R"({"auth": ")" + padded + R"("})")), "r.example")
            .password.reveal() == "p");
  const std::string nobody = to_base64("00000000-0000-0000-0000-000000000000:");
  const docker::RegistryAuth token = ask(
      *Credentials::parse(config("r.example", R"({"auth": ")" + nobody + R"(", "identitytoken": "t"})")), "r.example");
  CHECK(token.identity_token.reveal() == "t");
}

TEST_CASE("a broken config file is an error that shows no secret") {
  const std::vector<std::string> broken = {
      "",
      "[]",
      "null",
      "{\"auths\": " + kSecret,
      config("r.example", R"({"auth": "!!)" + kSecret + R"(!!"})"),
      config("r.example", R"({"auth": ")" + to_base64(kSecret) + R"("})"),
      config("r.example", R"({"auth": ")" + to_base64(":" + kSecret) + R"("})"),
      config("r.example", R"({"registrytoken": ")" + kSecret + R"("})"),
      R"({"credsStore": "../evil"})",
      R"({"credsStore": "a/b"})",
      R"({"credHelpers": {"r.example": "a b"}})",
      R"({"credHelpers": {"r.example": 7}})",
      R"({"credHelpers": {"r.example": ""}})",
  };
  for (const std::string& text : broken) {
    CAPTURE(text);
    const Result<Credentials> credentials = Credentials::parse(text);
    REQUIRE_FALSE(credentials);
    CHECK(credentials.error().kind == Error::Kind::invalid);
    CHECK(credentials.error().message.find(kSecret) == std::string::npos);
  }
}

TEST_CASE("a config file of odd types does no harm") {
  for (const char* text : {"{}", R"({"auths": 5})", R"({"auths": {"r": 5}})", R"({"auths": {"r": null}})",
                           R"({"auths": {"r": {"auth": 5}}})", R"({"credHelpers": []})", R"({"credsStore": 5})"}) {
    CAPTURE(text);
    const Result<Credentials> credentials = Credentials::parse(text);
    REQUIRE(credentials);
    CHECK(ask(*credentials, "r").anonymous());
  }
}

TEST_CASE("a missing config file is an empty one") {
  const Tree tree;
  CHECK(ask(*Credentials::load(tree.at("none")), "r.example").anonymous());
  tree.file("config.json", "{");
  CHECK(Credentials::load(tree.at("config.json")).error().message.find("config.json") != std::string::npos);
}

TEST_CASE("what docker login writes later counts, and what can't be read leaves what was there before") {
  const Tree tree;
  const std::string file = tree.at("config.json").string();
  const auto entry_of = [](const std::string& user) {
    return config("r.example", R"({"username": ")" + user + R"(", "password": "p"})");
  };
  const Credentials credentials = *Credentials::load(file);
  CHECK(ask(credentials, "r.example").anonymous());
  REQUIRE(write_file(file, entry_of("first")));
  CHECK(ask(credentials, "r.example").username == "first");
  REQUIRE(write_file(file, entry_of("other")));  // as long as the one before
  CHECK(ask(credentials, "r.example").username == "other");
  REQUIRE(write_file(file, "{\"auths\": {"));
  CHECK(ask(credentials, "r.example").username == "other");
  REQUIRE(write_file(file, "{}"));
  CHECK(ask(credentials, "r.example").anonymous());
  REQUIRE(write_file(file, entry_of("third")));
  CHECK(credentials.known() == std::vector<std::string>{"r.example"});
  std::filesystem::remove(file);
  CHECK(ask(credentials, "r.example").anonymous());
}

TEST_CASE("helpers are asked for the registry they are named for, the default helper for the others") {
  const Helpers helpers;
  helpers.add("special", R"(read -r url || true; printf '{"Username": "special", "Secret": "%s"}' "$url")");
  helpers.add("store", R"(url=$(cat); printf '{"Username": "%s", "Secret": "x"}' "$1 $url")");
  const Credentials credentials = *Credentials::parse(
      R"({"auths": {"r.example": {"auth": "dTpmaWxl"}}, "credsStore": "store", "credHelpers": {"r.example:5000": "special"}})");
  CHECK(ask(credentials, "r.example:5000").username == "special");
  CHECK(ask(credentials, "r.example:5000").password.reveal() == "r.example:5000");
  CHECK(ask(credentials, "r.example").username == "get r.example");
  CHECK(ask(credentials, "docker.io").username == "get https://index.docker.io/v1/");
}

TEST_CASE("slipway's own settings come before everything") {
  const Helpers helpers;
  helpers.add("store", "exit 9");
  Credentials credentials = *Credentials::parse(R"({"credsStore": "store"})");
  docker::RegistryAuth mine;
  mine.username = "mine";
  mine.password = Secret(kSecret);
  credentials.set("https://r.example/", mine);
  CHECK(ask(credentials, "r.example").username == "mine");
  CHECK(ask(credentials, "r.example").server == "r.example");
}

TEST_CASE("a helper that gives a token, knows nothing or fails is told apart") {
  const Helpers helpers;
  helpers.add("token", R"(printf '{"Username": "<token>", "Secret": "t"}')");
  helpers.add("ignorant", "echo 'credentials not found in native keychain'; exit 1");
  helpers.add("failing", "echo " + kSecret + "; echo " + kSecret + " >&2; exit 1");
  helpers.add("babbling", "echo " + kSecret);
  const auto with = [](const std::string& name) {
    return *Credentials::parse(R"({"auths": {"r.example": {"auth": "dTpmaWxl"}}, "credsStore": ")" + name + "\"}");
  };
  CHECK(ask(with("token"), "r.example").identity_token.reveal() == "t");
  CHECK(ask(with("ignorant"), "r.example").username == "u");
  for (const char* name : {"failing", "babbling", "missing"}) {
    CAPTURE(name);
    const Result<docker::RegistryAuth> auth = run_async(with(name).for_registry("r.example"));
    REQUIRE_FALSE(auth);
    CHECK(auth.error().message.find(kSecret) == std::string::npos);
    CHECK(auth.error().message.find("docker-credential-" + std::string(name)) != std::string::npos);
  }
}

TEST_CASE("helpers get the variables they are given and none of ours") {
  const Helpers helpers;
  setenv("SLIPWAY_TEST_PRIVATE", kSecret.c_str(), 1);
  helpers.add("env", R"(printf '{"Username": "%s%s", "Secret": "x"}' "$SLIPWAY_TEST_PRIVATE" "$PROFILE")");
  Credentials credentials = *Credentials::parse(R"({"credsStore": "env"})");
  credentials.set_helper_environment({{"PROFILE", "builds"}});
  CHECK(ask(credentials, "r.example").username == "builds");
  unsetenv("SLIPWAY_TEST_PRIVATE");
}

TEST_CASE("the builder gets the registries that something is known for") {
  Credentials credentials;
  docker::RegistryAuth mine;
  mine.username = "mine";
  credentials.set("r.example:5000", mine);
  credentials.set("docker.io", mine);
  const Result<docker::RegistryAuths> auths =
      run_async(credentials.for_registries({"r.example:5000", "docker.io", "other.example"}));
  REQUIRE(auths);
  REQUIRE(auths->size() == 2);
  CHECK(auths->contains("r.example:5000"));
  CHECK(auths->contains("https://index.docker.io/v1/"));
}

}  // namespace slipway::images
