#include <fstream>

#include <catch2/catch.hpp>

#include "base/encoding.hpp"
#include "orchestrator/store/projects.hpp"
#include "orchestrator/store/runs.hpp"
#include "orchestrator/store/store.hpp"
#include "tests/integration/daemon/live_daemon.hpp"
#include "tests/support/run_async.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace fs = std::filesystem;

namespace {

/// As many runs as it takes to fill pages that nothing else is on.
void add_runs(const fs::path& data) {
  const auto store = store::Store::open(data);
  REQUIRE(store);
  store::Run run;
  run.project = ProjectId(1);
  run.title = std::string(2000, 't');
  run.state = store::RunState::waiting_approval;
  for (int i = 0; i < 40; ++i) REQUIRE(run_async((*store)->write(&store::Runs::add, run)));
}

void overwrite_end(const fs::path& file, std::streamoff bytes) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(fs::file_size(file)) - bytes);
  stream << std::string(static_cast<std::size_t>(bytes), '\xff');
}

}  // namespace

TEST_CASE("a damaged database is served read-only: what is intact can be read, the rest is 503 with what mends it") {
  const Folder folder;
  const fs::path data = folder.path() / "data";
  std::string token;
  {
    LiveDaemon daemon(data);
    token = daemon.token();
    REQUIRE(daemon
                .send("POST", "/api/v1/projects",
                      {{"name", "shop"}, {"clone_url", "https://g.example/a"}, {"hook_secret", "a hook's secret"}})
                .status == 201);
    CHECK(daemon.stop() == 0);
  }
  add_runs(data);
  overwrite_end(data / "slipway.db", 40'000);
  const std::string before = run_program({"sha256sum", (data / "slipway.db").string()}).out;

  LiveDaemon daemon(data, token);
  CHECK(daemon.send("GET", "/api/v1/projects/shop").status == 200);
  const Json health = *parse_json(daemon.send("GET", "/healthz").body);
  CHECK(health["status"] == "degraded");
  CHECK(health["notices"][0]["about"] == "store");
  CHECK(health["notices"][0]["hint"].get<std::string>().find("slipwayd restore FILE --force") != std::string::npos);
  CHECK(daemon.send("GET", "/readyz").status == 503);
  HttpRequest hook("POST", daemon.url() + "/hooks/shop/github");
  hook.body = R"({"ref": "refs/heads/main", "after": "0123456789012345678901234567890123456789"})";
  hook.headers.emplace_back("Content-Type", "application/json");
  hook.headers.emplace_back("X-GitHub-Event", "push");
  hook.headers.emplace_back("X-GitHub-Delivery", "1");
  hook.headers.emplace_back("X-Hub-Signature-256", "sha256=" + to_hex(hmac_sha256("a hook's secret", hook.body)));
  for (const HttpResponse& refused :
       {daemon.send("POST", "/api/v1/projects/shop/runs", {{"ref", "main"}}), send_http(hook).value()}) {
    CAPTURE(refused.body);
    CHECK(refused.status == 503);
    CHECK_FALSE(refused.header("retry-after").empty());
    CHECK(refused.body.find("slipwayd restore FILE --force") != std::string::npos);
  }
  const Ran listed = daemon.slipway({"run", "list"});
  CHECK(listed.err.find("slipwayd restore FILE --force") != std::string::npos);
  CHECK(daemon.slipway({"admin", "backup", (folder.path() / "no.tar").string()}).code == 1);
  CHECK_FALSE(fs::exists(folder.path() / "no.tar"));
  CHECK(daemon.stop() == 0);
  CHECK(run_program({"sha256sum", (data / "slipway.db").string()}).out == before);
}
