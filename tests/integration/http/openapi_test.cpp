#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "tests/integration/http/sample_data.hpp"
#include "tests/integration/http/schema.hpp"

using namespace slipway;
using namespace slipway::http;

namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

Json description() {
  Result<Json> parsed = parse_json(openapi());
  REQUIRE(parsed);
  return std::move(*parsed);
}

/// "get /api/v1/runs" → role, of the description.
std::map<std::string, std::string> described_operations(const Json& root) {
  std::map<std::string, std::string> operations;
  for (const auto& [path, methods] : root["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      operations[method + " " + path] = operation["x-slipway-role"].get<std::string>();
    }
  }
  return operations;
}

/// Where the source tells of an event: the kinds that it names. Those made of a stage ("rollout.…") are not among them.
std::set<std::string> kinds_told() {
  std::set<std::string> kinds;
  const std::regex kind("\"((run|job|step|image|engine|status|rollout|application|drift)\\.[a-z_]+)\"");
  for (const auto& entry : std::filesystem::recursive_directory_iterator("orchestrator")) {
    if (entry.path().extension() != ".cpp") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      const bool tells =
          std::ranges::any_of(std::array{"tell(", "tell_of(", "Event event(", "const auto kind ="},
                              [&line](const char* word) { return line.find(word) != std::string::npos; });
      if (!tells) continue;
      for (std::sregex_iterator found(line.begin(), line.end(), kind), end; found != end; ++found) {
        kinds.insert((*found)[1]);
      }
    }
  }
  return kinds;
}

/// Calls of every operation; each answer is held to its schema.
struct Call {
  std::string method;
  std::string pattern;
  std::string path;
  int status;
  std::string body = "";
};

/// The placeholders {run}, {queued} and {delivery} stand for the sample data's numbers.
const std::vector<Call>& calls() {
  static const std::vector<Call> all{
      {"GET", "/healthz", "/healthz", 200},
      {"GET", "/readyz", "/readyz", 200},
      {"GET", "/metrics", "/metrics", 200},
      {"GET", "/api/openapi.json", "/api/openapi.json", 200},
      {"GET", "/api/v1/version", "/api/v1/version", 200},
      {"GET", "/api/v1/whoami", "/api/v1/whoami", 200},
      {"GET", "/api/v1/hosts", "/api/v1/hosts", 200},
      {"GET", "/api/v1/events", "/api/v1/events", 200},
      {"GET", "/api/v1/events", "/api/v1/events?project=shop&after=1", 200},
      {"GET", "/api/v1/runs", "/api/v1/runs", 200},
      {"GET", "/api/v1/runs", "/api/v1/runs?limit=1", 200},
      {"GET", "/api/v1/runs/{run}", "/api/v1/runs/{run}", 200},
      {"GET", "/api/v1/runs/{run}", "/api/v1/runs/{queued}", 200},
      {"GET", "/api/v1/runs/{run}/events", "/api/v1/runs/{run}/events", 200},
      {"GET", "/api/v1/runs/{run}/jobs/{job}/steps/{step}/logs", "/api/v1/runs/{run}/jobs/unit/steps/test/logs", 200},
      {"GET", "/api/v1/runs/{run}/jobs/{job}/logs", "/api/v1/runs/{run}/jobs/publish/logs", 200},
      {"GET", "/api/v1/runs/{run}/builds/{image}/logs", "/api/v1/runs/{run}/builds/app/logs", 200},
      {"GET", "/api/v1/runs/{run}/plan/logs", "/api/v1/runs/{run}/plan/logs", 200},
      {"POST", "/api/v1/projects/{project}/runs", "/api/v1/projects/shop/runs", 201, R"({"ref": "main"})"},
      {"POST", "/api/v1/runs/{run}/cancel", "/api/v1/runs/{queued}/cancel", 202},
      {"POST", "/api/v1/runs/{run}/rerun", "/api/v1/runs/{run}/rerun", 201, R"({"failed_only": true})"},
      {"POST", "/api/v1/runs/{run}/approve", "/api/v1/runs/{run}/approve", 409},
      {"GET", "/api/v1/projects", "/api/v1/projects", 200},
      {"POST", "/api/v1/projects", "/api/v1/projects", 201, R"({"name": "new", "clone_url": "https://a.example/b/c"})"},
      {"GET", "/api/v1/projects/{project}", "/api/v1/projects/shop", 200},
      {"PATCH", "/api/v1/projects/{project}", "/api/v1/projects/shop", 200, R"({"default_branch": "next"})"},
      {"DELETE", "/api/v1/projects/{project}", "/api/v1/projects/shop", 200},
      {"GET", "/api/v1/projects/{project}/secrets", "/api/v1/projects/shop/secrets", 200},
      {"PUT", "/api/v1/projects/{project}/secrets/{secret}", "/api/v1/projects/shop/secrets/A", 200,
       R"({"value": "x"})"},
      {"DELETE", "/api/v1/projects/{project}/secrets/{secret}", "/api/v1/projects/shop/secrets/A", 200},
      {"GET", "/api/v1/deliveries", "/api/v1/deliveries", 200},
      {"GET", "/api/v1/deliveries/{delivery}", "/api/v1/deliveries/{delivery}", 200},
      {"POST", "/api/v1/deliveries/{delivery}/replay", "/api/v1/deliveries/{delivery}/replay", 202},
      {"GET", "/api/v1/apps", "/api/v1/apps", 200},
      {"GET", "/api/v1/apps/{app}", "/api/v1/apps/shop", 200},
      {"POST", "/api/v1/apps/{app}/drift", "/api/v1/apps/shop/drift", 200},
      {"POST", "/api/v1/apps/{app}/take-over", "/api/v1/apps/shop/take-over", 200,
       R"({"project": "shop", "compose": "name: shop", "group": "prod", "variables": {"TAG": "1"}})"},
      {"POST", "/api/v1/apps/{app}/adopt", "/api/v1/apps/shop/adopt", 200, R"({"project": "shop", "generation": 3})"},
      {"GET", "/api/v1/apps/{app}/history", "/api/v1/apps/shop/history", 200},
      {"GET", "/api/v1/apps/{app}/audit", "/api/v1/apps/shop/audit?limit=2", 200},
      {"GET", "/api/v1/rollouts/{rollout}/audit", "/api/v1/rollouts/5/audit", 200},
      {"GET", "/api/v1/apps/{app}/logs", "/api/v1/apps/shop/logs?service=web&tail=5", 200},
      {"POST", "/api/v1/apps/{app}/rollback", "/api/v1/apps/shop/rollback", 202, R"({"force": true})"},
      {"POST", "/api/v1/apps/{app}/redeploy", "/api/v1/apps/shop/redeploy", 202, R"({"recreate": true})"},
      {"POST", "/api/v1/apps/{app}/pause", "/api/v1/apps/shop/pause", 202},
      {"POST", "/api/v1/apps/{app}/resume", "/api/v1/apps/shop/resume", 202},
      {"POST", "/api/v1/apps/{app}/stop", "/api/v1/apps/shop/stop", 202, R"({"rollback": false})"},
      {"POST", "/api/v1/apps/{app}/approve", "/api/v1/apps/shop/approve", 202, R"({"generation": 4, "reason": "ok"})"},
      {"POST", "/api/v1/apps/{app}/promote", "/api/v1/apps/shop/promote", 202, R"({"outside_window": true})"},
      {"POST", "/api/v1/apps/{app}/promote", "/api/v1/apps/shop/promote", 202, R"({"all": true})"},
      {"GET", "/api/v1/tokens", "/api/v1/tokens", 200},
      {"POST", "/api/v1/tokens", "/api/v1/tokens", 201, R"({"name": "ci", "role": "viewer", "days": 30})"},
      {"DELETE", "/api/v1/tokens/{token}", "/api/v1/tokens/4", 200},
      {"GET", "/api/v1/backup", "/api/v1/backup?logs=1", 200},
      {"GET", "/api/v1/audit", "/api/v1/audit", 200},
      {"POST", "/hooks/{project}", "/hooks/shop", 400, "{}"},
      {"POST", "/hooks/{project}/{source}", "/hooks/shop/github", 401, "{}"},
  };
  return all;
}

std::string filled(std::string path, const SampleData& sample) {
  const std::pair<std::string, std::int64_t> names[] = {
      {"{run}", sample.finished.value}, {"{queued}", sample.queued.value}, {"{delivery}", sample.delivery.value}};
  for (const auto& [name, number] : names) {
    const auto place = path.find(name);
    if (place != std::string::npos) path.replace(place, name.size(), std::to_string(number));
  }
  return path;
}

void check_answer(const Json& root, const Call& call, const HttpResponse& response) {
  const Json& responses = root["paths"][call.pattern][lower(call.method)]["responses"];
  const std::string status = std::to_string(response.status);
  Json described = responses.contains(status) ? responses[status] : responses["default"];
  if (described.contains("$ref"))
    described = root.at(Json::json_pointer(described["$ref"].get<std::string>().substr(1)));
  const std::string type = response.header("content-type").substr(0, response.header("content-type").find(';'));
  CAPTURE(type);
  REQUIRE(described["content"].contains(type));
  if (type != "application/json") return;
  const auto body = parse_json(response.body);
  REQUIRE(body);
  CHECK(mismatch(root, described["content"][type]["schema"], *body) == "");
}

}  // namespace

TEST_CASE("the description and the server have the same routes, for the same roles") {
  LiveServer live;
  std::map<std::string, std::string> served;
  for (const Route& route : live.router.routes()) {
    served[lower(route.method) + " " + route.pattern] =
        route.role ? std::string(store::name_of(*route.role)) : std::string("public");
  }
  CHECK(served == described_operations(description()));
}

TEST_CASE("every path parameter is described, and every reference leads somewhere") {
  const Json root = description();
  CHECK(root["openapi"] == "3.1.0");
  std::set<std::string> operation_ids;
  for (const auto& [path, methods] : root["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      CAPTURE(path, method);
      CHECK(operation_ids.insert(operation["operationId"].get<std::string>()).second);
      std::set<std::string> described;
      for (Json parameter : operation.value("parameters", Json::array())) {
        if (parameter.contains("$ref")) {
          parameter = root.at(Json::json_pointer(parameter["$ref"].get<std::string>().substr(1)));
        }
        if (parameter["in"] == "path") described.insert("{" + parameter["name"].get<std::string>() + "}");
      }
      std::set<std::string> in_path;
      for (auto open = path.find('{'); open != std::string::npos; open = path.find('{', open + 1)) {
        in_path.insert(path.substr(open, path.find('}', open) - open + 1));
      }
      CHECK(described == in_path);
    }
  }
  const auto references = root.flatten();
  for (const auto& [place, value] : references.items()) {
    if (!place.ends_with("/$ref")) continue;
    CAPTURE(place);
    CHECK(root.contains(Json::json_pointer(value.get<std::string>().substr(1))));
  }
}

TEST_CASE("docs/api.md lists every operation with its role") {
  const auto page = read_file("docs/api.md");
  REQUIRE(page);
  for (const auto& [operation, role] : described_operations(description())) {
    std::string row = operation;
    const auto space = row.find(' ');
    for (std::size_t i = 0; i < space; ++i)
      row[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(row[i])));
    CAPTURE(row);
    CHECK(page->find("| `" + row + "` | " + role + " |") != std::string::npos);
  }
}

TEST_CASE("docs/api.md lists every kind of event") {
  const auto page = read_file("docs/api.md");
  REQUIRE(page);
  const std::set<std::string> kinds = kinds_told();
  for (const char* known : {"run.queued", "step.exited", "engine.lost", "drift.found", "rollout.leased"}) {
    CHECK(kinds.contains(known));
  }
  for (const std::string& kind : kinds) {
    CAPTURE(kind);
    CHECK(page->find("`" + kind + "`") != std::string::npos);
  }
}

TEST_CASE("every operation answers as it is described") {
  LiveServer live;
  const SampleData sample(live);
  const Json root = description();
  std::set<std::string> called;
  for (const Call& call : calls()) {
    const std::string path = filled(call.path, sample);
    CAPTURE(call.method, path);
    const HttpResponse response = live.send(call.method, path, "admin", call.body);
    CAPTURE(response.body);
    CHECK(response.status == call.status);
    check_answer(root, call, response);
    called.insert(lower(call.method) + " " + call.pattern);
  }
  for (const auto& [operation, role] : described_operations(root)) {
    CAPTURE(operation);
    CHECK(called.contains(operation));
  }
}

TEST_CASE("every operation refuses who has no token, a wrong one, or too small a role") {
  LiveServer live;
  const SampleData sample(live);
  const auto roles = described_operations(description());
  for (const Call& call : calls()) {
    const std::string role = roles.at(lower(call.method) + " " + call.pattern);
    if (role == "public") continue;
    const std::string path = filled(call.path, sample);
    CAPTURE(call.method, path, role);
    CHECK(live.send(call.method, path, "", call.body).status == 401);
    if (role == "viewer") continue;
    CHECK(live.send(call.method, path, "viewer", call.body).status == 403);
    if (role == "admin") CHECK(live.send(call.method, path, "maintainer", call.body).status == 403);
  }
  CHECK(live.actions.asked.empty());
}

TEST_CASE("a readiness check that fails makes /readyz answer 503, and /healthz say so with 200") {
  LiveServer live;
  live.actions.healthy = false;
  const HttpResponse ready = live.send("GET", "/readyz", "");
  CHECK(ready.status == 503);
  const Json root = description();
  CHECK(mismatch(root, root["components"]["schemas"]["Readiness"], *parse_json(ready.body)) == "");
  const HttpResponse health = live.send("GET", "/healthz", "");
  CHECK(health.status == 200);
  const Json told = *parse_json(health.body);
  CHECK(mismatch(root, root["components"]["schemas"]["Health"], told) == "");
  CHECK(told["status"] == "degraded");
  CHECK(told["notices"][0]["about"] == "engine");
  CHECK(told["notices"][0]["message"] == "does not answer");
}
