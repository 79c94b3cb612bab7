#include "orchestrator/http/router.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::http;

namespace {

Router small_router() {
  Router router;
  router.add({"GET", "/healthz", std::nullopt, {}});
  router.add({"GET", "/api/runs/{run}", store::Role::viewer, {}});
  router.add({"DELETE", "/api/runs/{run}", store::Role::admin, {}});
  router.add({"GET", "/api/runs/{run}/jobs/{job}/logs", store::Role::viewer, {}});
  router.add({"POST", "/hooks/{project}", std::nullopt, {}});
  return router;
}

}  // namespace

TEST_CASE("a path finds its route and its parameters") {
  const Router router = small_router();
  const auto match = router.find("GET", "/api/runs/12/jobs/unit/logs");
  REQUIRE(match.route);
  CHECK(match.route->pattern == "/api/runs/{run}/jobs/{job}/logs");
  CHECK(match.parameters.at("run") == "12");
  CHECK(match.parameters.at("job") == "unit");
}

TEST_CASE("parameters are decoded after the path was split") {
  const Router router = small_router();
  const auto match = router.find("GET", "/api/runs/12/jobs/unit%20(3.11%2Fx)/logs");
  REQUIRE(match.route);
  CHECK(match.parameters.at("job") == "unit (3.11/x)");
}

TEST_CASE("HEAD finds what GET finds") {
  CHECK(small_router().find("HEAD", "/healthz").route);
  CHECK_FALSE(small_router().find("HEAD", "/hooks/shop").route);
}

TEST_CASE("a known path with another method says which there are") {
  const auto match = small_router().find("PUT", "/api/runs/12");
  CHECK_FALSE(match.route);
  CHECK(match.allow == "GET, HEAD, DELETE, OPTIONS");
}

TEST_CASE("what no route takes is found by none") {
  const Router router = small_router();
  const char* const paths[] = {"",
                               "/",
                               "*",
                               "healthz",
                               "//healthz",
                               "/healthz/",
                               "/Healthz",
                               "/api/runs/",
                               "/api/runs/12/",
                               "/api/runs//jobs/unit/logs",
                               "/api/runs/12/jobs/unit/logs/more",
                               "/api/runs/%",
                               "/api/runs/%4",
                               "/api/runs/%zz",
                               "/api/runs/a%00b",
                               "/api/../healthz",
                               "/hooks/../healthz",
                               "http://example/healthz"};
  for (const char* path : paths) {
    CAPTURE(path);
    CHECK(router.find("GET", path).allow.empty());
    CHECK_FALSE(router.find("GET", path).route);
  }
}
