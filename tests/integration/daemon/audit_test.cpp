#include <catch2/catch.hpp>

#include "tests/integration/daemon/live_daemon.hpp"

using namespace slipway;
using namespace slipway::daemon;

TEST_CASE("slipway admin audit tells administrators, and nobody else, who changed projects, secrets and tokens") {
  const Folder folder;
  const LiveDaemon daemon(folder.path() / "data");
  REQUIRE(daemon.slipway({"project", "add", "shop", "--clone-url", "https://git.example/shop.git"}).code == 0);
  REQUIRE(daemon.slipway({"secret", "set", "TOKEN", "-p", "shop"}, "hush-hush").code == 0);
  const Ran made = daemon.slipway({"token", "create", "ann", "--role", "maintainer"});
  REQUIRE(made.code == 0);

  const Ran listed = daemon.slipway({"admin", "audit"});
  CAPTURE(listed.out, listed.err);
  CHECK(listed.code == 0);
  const auto token = listed.out.find("\tadmin\ttoken.create\t\tid=2 name=ann role=maintainer\n");
  const auto secret = listed.out.find("\tadmin\tsecret.set\t\tname=shop/TOKEN\n");
  const auto project = listed.out.find("\tadmin\tproject.add\t\tname=shop\n");
  CHECK(token < secret);
  CHECK(secret < project);
  CHECK(project != std::string::npos);
  CHECK(listed.out.find("hush-hush") == std::string::npos);
  const Ran newest = daemon.slipway({"admin", "audit", "-L", "1", "--jq", ".[].what"});
  CHECK(newest.out == "token.create\n");

  const std::string hers = made.out.substr(0, made.out.find('\n'));
  const Ran refused =
      run_program({SLIPWAY_PATH, "admin", "audit"}, {{"SLIPWAY_URL", daemon.url()}, {"SLIPWAY_TOKEN", hers}});
  CHECK(refused.code == 4);
  CHECK(refused.out.empty());
}
