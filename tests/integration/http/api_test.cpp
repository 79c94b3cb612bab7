#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/integration/http/sample_data.hpp"

using namespace slipway;
using namespace slipway::http;
using Catch::Matchers::Contains;

namespace {

Json body_of(const HttpResponse& response) {
  auto body = parse_json(response.body);
  REQUIRE(body);
  return std::move(*body);
}

}  // namespace

TEST_CASE("runs are listed newest first, filtered and in pages") {
  LiveServer live;
  const SampleData sample(live);
  const Json all = body_of(live.send("GET", "/api/v1/runs", "viewer"));
  REQUIRE(all["items"].size() == 2);
  CHECK(all["items"][0]["id"] == sample.queued.value);
  CHECK(all["items"][0]["project"] == "shop");
  CHECK(all["next"].is_null());

  const Json first = body_of(live.send("GET", "/api/v1/runs?limit=1", "viewer"));
  CHECK(first["items"].size() == 1);
  const std::string next = std::to_string(first["next"].get<std::int64_t>());
  const Json second = body_of(live.send("GET", "/api/v1/runs?limit=1&before=" + next, "viewer"));
  CHECK(second["items"][0]["id"] == sample.finished.value);

  const auto count = [&](const std::string& query) {
    return body_of(live.send("GET", "/api/v1/runs?" + query, "viewer"))["items"].size();
  };
  CHECK(count("verdict=failed") == 1);
  CHECK(count("state=queued") == 1);
  CHECK(count("commit=0123456") == 2);
  CHECK(count("commit=fffffff") == 0);
  CHECK(count("branch=main&event=push&project=shop") == 2);
}

TEST_CASE("a run tells the steps that its jobs have by the plan, also those that have not begun") {
  LiveServer live;
  const SampleData sample(live);
  const Json run = body_of(live.send("GET", "/api/v1/runs/" + to_string(sample.finished), "viewer"));
  REQUIRE(run["jobs"].size() == 3);
  CHECK(run["jobs"][0]["planned_steps"] == Json::array());
  CHECK(run["jobs"][1]["planned_steps"] == Json::array({"test", "db"}));
  CHECK(run["jobs"][1]["steps"].size() == 1);
}

TEST_CASE("questions that make no sense are answered with what is wrong") {
  LiveServer live;
  const SampleData sample(live);
  for (const char* query : {"limit=0", "limit=201", "limit=x", "before=-1", "commit=xyz", "commit=01", "state=odd",
                            "event=odd", "verdict=odd", "commit=0123456%27%20OR%201"}) {
    CAPTURE(query);
    CHECK(live.send("GET", std::string("/api/v1/runs?") + query).status == 400);
  }
  for (const char* path :
       {"/api/v1/runs/0", "/api/v1/runs/-1", "/api/v1/runs/x", "/api/v1/runs/99999999999999999999", "/api/v1/runs/4711",
        "/api/v1/runs/4711/events", "/api/v1/runs/1/jobs/no/steps/no/logs", "/api/v1/projects/none",
        "/api/v1/runs?project=none", "/api/v1/deliveries/4711", "/api/v1/projects/none/secrets", "/hooks/"}) {
    CAPTURE(path);
    CHECK(live.send("GET", path).status == 404);
  }
}

TEST_CASE("a run shows its jobs, steps, builds and pushes") {
  LiveServer live;
  const SampleData sample(live);
  const Json run = body_of(live.send("GET", "/api/v1/runs/" + to_string(sample.finished), "viewer"));
  CHECK(run["verdict"] == "failed");
  CHECK(run["reason"] == "unit failed");
  CHECK(run["parameters"] == Json({{"env", "prod"}}));
  REQUIRE(run["jobs"].size() == 3);
  CHECK(run["jobs"][0]["kind"] == "build");
  CHECK(run["jobs"][0]["steps"].empty());
  REQUIRE(run["jobs"][1]["steps"].size() == 1);
  CHECK(run["jobs"][1]["steps"][0]["exit_code"] == 1);
  CHECK(run["jobs"][1]["steps"][0]["has_log"] == true);
  CHECK(run["builds"][0]["image"] == "app");
  CHECK(run["pushes"][0]["state"] == "intent");
}

TEST_CASE("what people ask for reaches the daemon with the token's name") {
  LiveServer live;
  const SampleData sample(live);
  const std::string run = "/api/v1/runs/" + to_string(sample.finished);
  live.send("POST", "/api/v1/projects/shop/runs", "maintainer", R"({"ref": "main", "parameters": {"env": "prod"}})");
  live.send("POST", run + "/cancel", "maintainer");
  live.send("POST", run + "/rerun", "maintainer");
  live.send("POST", run + "/rerun", "maintainer", R"({"failed_only": true})");
  live.send("PUT", "/api/v1/projects/shop/secrets/KEY", "maintainer", R"({"value": "hush"})");
  live.send("POST", "/api/v1/apps/shop/rollback", "maintainer");
  live.send("POST", "/api/v1/apps/shop/rollback", "maintainer", R"({"force": true})");
  live.send("GET", "/api/v1/apps/shop/logs?service=web&host=a&tail=7", "viewer");
  live.send("POST", "/api/v1/apps/shop/drift", "viewer");
  live.send("POST", "/api/v1/apps/shop/adopt", "admin", R"({"project": "shop", "generation": 3})");
  live.send("POST", "/api/v1/apps/shop/adopt", "maintainer");
  const std::string id = to_string(sample.finished);
  CHECK(live.actions.asked ==
        std::vector<std::string>{"trigger shop main env=prod by maintainer", "cancel " + id + " by maintainer",
                                 "rerun " + id + " by maintainer", "rerun failed " + id + " by maintainer",
                                 "set secret shop KEY hush by maintainer", "roll back shop by maintainer",
                                 "roll back shop by force by maintainer", "logs shop web a 7", "drift shop",
                                 "adopt shop of shop at 3 by admin"});
}

TEST_CASE("wishes about a rollout reach the daemon, and stop means back unless it says otherwise") {
  LiveServer live;
  const SampleData sample(live);
  const std::string shop = "/api/v1/apps/shop/";
  live.send("POST", shop + "pause", "maintainer");
  live.send("POST", shop + "resume", "maintainer");
  live.send("POST", shop + "stop", "maintainer");
  live.send("POST", shop + "stop", "maintainer", R"({"rollback": false})");
  live.send("POST", shop + "promote", "maintainer");
  live.send("POST", shop + "promote", "maintainer", R"({"all": true})");
  live.send("POST", shop + "redeploy", "maintainer");
  live.send("POST", shop + "redeploy", "maintainer", R"({"recreate": true})");
  CHECK(live.send("POST", shop + "pause", "maintainer", R"({"rollback": true})").status == 400);
  CHECK(live.send("POST", shop + "pause", "viewer").status == 403);
  CHECK(live.actions.asked ==
        std::vector<std::string>{"ask pause of shop by maintainer", "ask resume of shop by maintainer",
                                 "ask roll back of shop by maintainer", "ask stop of shop by maintainer",
                                 "ask promote of shop by maintainer", "ask promote all of shop by maintainer",
                                 "redeploy shop by maintainer", "redeploy shop anew by maintainer"});
}

TEST_CASE("a backup is for administrators, with logs if they ask for them") {
  LiveServer live;
  const HttpResponse plain = live.send("GET", "/api/v1/backup", "admin");
  CHECK(plain.status == 200);
  CHECK(plain.header("content-type") == "application/x-tar");
  CHECK(plain.body == "a tar");
  CHECK(live.send("GET", "/api/v1/backup?logs=1", "admin").status == 200);
  CHECK(live.send("GET", "/api/v1/backup?logs=2", "admin").status == 400);
  CHECK(live.send("GET", "/api/v1/backup", "maintainer").status == 403);
  CHECK(live.actions.asked == std::vector<std::string>{"backup without logs by admin", "backup with logs by admin"});
}

TEST_CASE("the audit trail is for administrators, newest first and in pages") {
  LiveServer live;
  const SampleData sample(live);
  const Json first = body_of(live.send("GET", "/api/v1/audit?limit=1"));
  REQUIRE(first["items"].size() == 1);
  CHECK(first["items"][0]["who"] == "ben");
  CHECK(first["items"][0]["what"] == "app.approve");
  CHECK(first["items"][0]["rollout"] == 5);
  const std::string next = first["next"].dump();
  const Json second = body_of(live.send("GET", "/api/v1/audit?limit=1&before=" + next));
  REQUIRE(second["items"].size() == 1);
  CHECK(second["items"][0]["what"] == "project.add");
  CHECK(second["items"][0]["data"] == Json{{"name", "shop"}});
  CHECK(second["items"][0]["rollout"].is_null());
  CHECK(second["next"].is_null());
  CHECK(live.send("GET", "/api/v1/audit", "maintainer").status == 403);
}

TEST_CASE("a request whose body is wrong asks the daemon for nothing") {
  LiveServer live;
  const SampleData sample(live);
  const std::tuple<const char*, const char*, const char*> wrong[] = {
      {"POST", "/api/v1/projects", "{}"},
      {"POST", "/api/v1/projects", R"({"name": "x"})"},
      {"POST", "/api/v1/projects", R"({"name": "Upper", "clone_url": "https://a.example/b"})"},
      {"POST", "/api/v1/projects", R"({"name": "../x", "clone_url": "https://a.example/b"})"},
      {"POST", "/api/v1/projects", R"({"name": "-x", "clone_url": "https://a.example/b"})"},
      {"POST", "/api/v1/projects", R"({"name": "x", "clone_url": ""})"},
      {"POST", "/api/v1/projects", R"({"name": "x", "clone_url": "u", "forge": "sourceforge"})"},
      {"POST", "/api/v1/projects", R"({"name": "x", "clone_url": "u", "fork_policy": "trust"})"},
      {"POST", "/api/v1/projects", R"({"name": "x", "clone_url": "u", "max_runs": -1})"},
      {"POST", "/api/v1/projects", R"({"name": "x", "clone_url": "u", "admin": true})"},
      {"POST", "/api/v1/projects", "not json"},
      {"PATCH", "/api/v1/projects/shop", R"({"supersede": "yes"})"},
      {"POST", "/api/v1/projects/shop/runs", R"({"commit": "abc"})"},
      {"POST", "/api/v1/projects/shop/runs", R"({"commit": "--upload-pack=touch /tmp/x------------------"})"},
      {"POST", "/api/v1/projects/shop/runs", R"({"parameters": {"a": {"b": 1}}})"},
      {"POST", "/api/v1/projects/shop/runs", R"({"parameters": ["a"]})"},
      {"PUT", "/api/v1/projects/shop/secrets/1BAD", R"({"value": "x"})"},
      {"PUT", "/api/v1/projects/shop/secrets/A-B", R"({"value": "x"})"},
      {"PUT", "/api/v1/projects/shop/secrets/A", R"({})"},
      {"PUT", "/api/v1/projects/shop/secrets/A", R"({"value": 7})"},
      {"POST", "/api/v1/tokens", R"({"name": "x", "role": "root"})"},
      {"POST", "/api/v1/tokens", R"({"role": "viewer"})"},
      {"POST", "/api/v1/tokens", R"({"name": "x", "role": "viewer", "days": 0})"},
  };
  for (const auto& [method, path, body] : wrong) {
    CAPTURE(method, path, body);
    const HttpResponse response = live.send(method, path, "admin", body);
    CHECK(response.status == 400);
    CHECK_FALSE(body_of(response)["error"]["message"].get<std::string>().empty());
  }
  CHECK(live.actions.asked.empty());
}

TEST_CASE("after many wrong tokens an address has to wait, and 429 says how long") {
  LiveServer live;
  const auto guess = [&] {
    HttpRequest request("GET", live.url("/api/v1/whoami"));
    request.bearer = Secret("slw_" + random_hex(20));
    auto response = send_http(request);
    REQUIRE(response);
    return std::move(*response);
  };
  for (int i = 0; i < Throttle::free_failures; ++i) CHECK(guess().status == 401);
  const HttpResponse refused = guess();
  CHECK(refused.status == 429);
  CHECK_FALSE(refused.header("retry-after").empty());
  CHECK(body_of(refused)["error"]["kind"] == "too_many_requests");
  CHECK(live.send("GET", "/healthz", "").status == 200);
}

TEST_CASE("a webhook is answered when its run is committed, and again as a duplicate") {
  LiveServer live;
  const SampleData sample(live);
  const std::string body =
      R"({"event":"push","ref":"refs/heads/main","after":"89abcdef0123456789abcdef0123456789abcdef","title":"Fix it"})";
  const std::int64_t stamp = stamp_now(live);
  const HttpResponse first = post_hook(live, "shop", body, stamp);
  CHECK(first.status == 202);
  const Json accepted = body_of(first);
  CHECK(accepted["decision"] == "accepted");
  const Json run = body_of(live.send("GET", "/api/v1/runs/" + accepted["run"].dump()));
  CHECK(run["commit"] == "89abcdef0123456789abcdef0123456789abcdef");
  CHECK(run["title"] == "Fix it");

  const Json deliveries = body_of(live.send("GET", "/api/v1/deliveries?project=shop&limit=1"));
  CHECK(deliveries["items"][0]["id"] == accepted["delivery"]);
  const HttpResponse again = post_hook(live, "shop", body, stamp);
  CHECK(again.status == 200);
  CHECK(body_of(again)["decision"] == "duplicate");
  CHECK(post_hook(live, "shop", body, stamp - 400).status == 401);

  const HttpResponse replayed =
      live.send("POST", "/api/v1/deliveries/" + accepted["delivery"].dump() + "/replay", "maintainer");
  CHECK(replayed.status == 202);
  CHECK_THAT(body_of(replayed)["reason"].get<std::string>(), Contains("replayed by maintainer"));
  CHECK(body_of(replayed)["run"] != accepted["run"]);
}

TEST_CASE("a forged webhook is 401, in the ledger without its body, and starts nothing") {
  LiveServer live;
  const SampleData sample(live);
  const Json before = body_of(live.send("GET", "/api/v1/runs"));
  const HttpResponse response = live.send("POST", "/hooks/shop/github", "", R"({"ref": "refs/heads/main"})",
                                          {{"X-GitHub-Event", "push"}, {"X-Hub-Signature-256", "sha256=00"}});
  CHECK(response.status == 401);
  const Json entry = body_of(live.send("GET", "/api/v1/deliveries?limit=1"))["items"][0];
  CHECK(entry["decision"] == "refused");
  CHECK_THAT(entry["reason"].get<std::string>(), Contains("does not match"));
  const std::string path = "/api/v1/deliveries/" + entry["id"].dump();
  CHECK(body_of(live.send("GET", path))["body"] == "");
  CHECK(live.send("POST", path + "/replay").status == 409);
  CHECK(body_of(live.send("GET", "/api/v1/runs")) == before);
}

TEST_CASE("the ledger takes a bounded number of refused webhooks") {
  LiveServer live;
  const SampleData sample(live);
  for (int i = 0; i < 60; ++i) CHECK(live.send("POST", "/hooks/shop/gitlab", "", "{}").status == 401);
  const Json page = body_of(live.send("GET", "/api/v1/deliveries?limit=200"));
  CHECK(page["items"].size() == 31);
}
