#include <catch2/catch.hpp>

#include "orchestrator/store/audit.hpp"
#include "orchestrator/store/store.hpp"
#include "tests/integration/daemon/live_daemon.hpp"
#include "tests/support/run_async.hpp"
#include "tests/support/scripted_server.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace fs = std::filesystem;

namespace {

/// `slipwayd token` on the folder; the token that it printed.
std::string token_made(const fs::path& data, std::vector<std::string> more = {}) {
  std::vector<std::string> words = {SLIPWAYD_PATH, "token", "--data", data.string()};
  words.insert(words.end(), more.begin(), more.end());
  const Ran made = run_program(std::move(words));
  INFO(made.out << made.err);
  REQUIRE(made.code == 0);
  REQUIRE(made.out.size() == 48);
  CHECK(made.out.starts_with("slw_"));
  CHECK(made.err.find("slw_") == std::string::npos);
  return made.out.substr(0, 47);
}

std::string tokens_shown_to(const LiveDaemon& daemon, const std::string& token) {
  const Ran listed =
      run_program({SLIPWAY_PATH, "token", "list"}, {{"SLIPWAY_URL", daemon.url()}, {"SLIPWAY_TOKEN", token}});
  INFO(listed.err);
  CHECK(listed.code == 0);
  return listed.out;
}

}  // namespace

TEST_CASE("slipwayd token makes an admin's token, while the daemon works and while it does not") {
  const Folder folder;
  const fs::path data = folder.path() / "data";
  std::string first, second;
  {
    LiveDaemon daemon(data);
    first = token_made(data);
    CHECK(tokens_shown_to(daemon, first).find("admin-2") != std::string::npos);
    CHECK(daemon.send("POST", "/api/v1/projects", {{"name", "shop"}, {"clone_url", "https://g.example/a"}}).status ==
          201);
    CHECK(daemon.stop() == 0);
  }
  second = token_made(data, {"my own"});
  const Ran again = run_program({SLIPWAYD_PATH, "token", "my own", "--data", data.string()});
  CHECK(again.code == 1);
  CHECK(again.out.empty());
  {
    LiveDaemon daemon(data, first);
    CHECK(tokens_shown_to(daemon, first).find("my own") != std::string::npos);
    CHECK(tokens_shown_to(daemon, second).find("my own") != std::string::npos);
    CHECK(daemon.stop() == 0);
  }
  const auto store = store::Store::open(data);
  REQUIRE(store);
  const auto audit = run_async((*store)->read(&store::Audit::list, 0, 10));
  REQUIRE(audit);
  std::size_t noted = 0;
  for (const store::AuditEntry& entry : audit->items) {
    if (entry.who == "slipwayd token" && entry.what == "token.create") ++noted;
  }
  CHECK(noted == 2);
}

TEST_CASE("slipwayd token refuses a folder without a database, and one in which a restore was cut off") {
  const Folder folder;
  const fs::path data = folder.path() / "data";
  const auto refused = [&data] {
    const Ran ran = run_program({SLIPWAYD_PATH, "token", "--data", data.string()});
    CHECK(ran.code == 1);
    CHECK(ran.out.empty());
    return ran.err;
  };
  CHECK(refused().find("--data") != std::string::npos);
  CHECK_FALSE(fs::exists(data));
  {
    const LiveDaemon daemon(data);
  }
  fs::create_directories(data / "restore-under-way");
  CHECK(refused().find("slipwayd restore") != std::string::npos);
}

TEST_CASE("a start that fails for its port keeps the first token for the next one") {
  const Folder folder;
  const fs::path data = folder.path() / "data";
  const LiveDaemon other(folder.path() / "other");
  std::string said;
  try {
    const LiveDaemon none(data, {}, {}, "unix:///nonexistent/engine.sock", other.port());
  } catch (const std::runtime_error& error) {
    said = error.what();
  }
  CHECK_THAT(said, Catch::Contains("listen on 127.0.0.1:" + std::to_string(other.port())));
  CHECK_THAT(said, !Catch::Contains("token="));
  const LiveDaemon next(data);
  CHECK_THAT(tokens_shown_to(next, next.token()), Catch::Contains("admin"));
}

TEST_CASE("the last admin's token can't be revoked, not even by itself") {
  const Folder folder;
  const LiveDaemon daemon(folder.path() / "data");
  const HttpResponse refused = daemon.send("DELETE", "/api/v1/tokens/1");
  CHECK(refused.status == 409);
  CHECK((*parse_json(refused.body))["error"]["hint"].get<std::string>().find("token create") != std::string::npos);
  const Ran made = daemon.slipway({"token", "create", "my own", "--role", "admin"});
  REQUIRE(made.code == 0);
  CHECK(daemon.send("DELETE", "/api/v1/tokens/1").status == 200);
  CHECK(daemon.send("GET", "/api/v1/tokens").status == 401);
  CHECK(tokens_shown_to(daemon, made.out.substr(0, 47)).find("my own") != std::string::npos);
}

TEST_CASE(
    "a token is revoked by its number or by its name, and a name that several have is refused with their numbers") {
  const Folder folder;
  const LiveDaemon daemon(folder.path() / "data");
  for (const char* name : {"ci", "ci 2", "third"}) REQUIRE(daemon.slipway({"token", "create", name}).code == 0);
  const auto in_force = [&] {
    return daemon.slipway({"token", "list", "--jq", "[.[] | select(.revoked_at == null) | .name] | join(\",\")"}).out;
  };
  REQUIRE(in_force().find("third") != std::string::npos);
  CHECK(daemon.slipway({"token", "revoke", "ci"}).code == 0);
  const Ran again = daemon.slipway({"token", "revoke", "ci"});
  CHECK(again.code == 1);
  CHECK(again.err == "slipway: there is no token 'ci'\n         'slipway token list' shows them\n");
  const std::string third = daemon.slipway({"token", "list", "--jq", ".[] | select(.name == \"third\") | .id"}).out;
  CHECK(daemon.slipway({"token", "revoke", third.substr(0, third.find('\n'))}).code == 0);
  CHECK(in_force().find("ci 2") != std::string::npos);
  CHECK(in_force().find("third") == std::string::npos);

  const std::string two = R"({"items": [{"id": 3, "name": "ci"}, {"id": 5, "name": "ci"},)"
                          R"( {"id": 6, "name": "ci", "revoked_at": "2026-11-25T01:28:51Z"}]})";
  const ScriptedServer server({ScriptedServer::json(two)});
  const Ran refused =
      run_program({SLIPWAY_PATH, "token", "revoke", "ci"}, {{"SLIPWAY_URL", server.url()}, {"SLIPWAY_TOKEN", "slw_x"}});
  CHECK(refused.code == 1);
  CHECK(refused.err == "slipway: several tokens are called 'ci': 3, 5\n         give the number of one\n");
  CHECK(server.asked().size() == 1);
}
