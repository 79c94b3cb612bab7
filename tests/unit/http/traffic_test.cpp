#include "orchestrator/http/traffic.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::http;
using Catch::Matchers::Contains;

TEST_CASE("requests are counted by route and status, with cumulative buckets of their duration") {
  Traffic traffic;
  traffic.answered("GET", "/api/v1/runs/{run}", 200, std::chrono::microseconds(800));
  traffic.answered("GET", "/api/v1/runs/{run}", 200, std::chrono::milliseconds(4));
  traffic.answered("GET", "/api/v1/runs/{run}", 404, std::chrono::seconds(20));
  const std::string text = traffic.text({3, 1, 17});
  const std::string labels = "method=\"GET\",route=\"/api/v1/runs/{run}\"";
  CHECK_THAT(text, Contains("slipway_http_requests_total{" + labels + ",status=\"200\"} 2\n"));
  CHECK_THAT(text, Contains("slipway_http_requests_total{" + labels + ",status=\"404\"} 1\n"));
  CHECK_THAT(text, Contains("duration_seconds_bucket{" + labels + ",le=\"0.001\"} 1\n"));
  CHECK_THAT(text, Contains("duration_seconds_bucket{" + labels + ",le=\"0.005\"} 2\n"));
  CHECK_THAT(text, Contains("duration_seconds_bucket{" + labels + ",le=\"10\"} 2\n"));
  CHECK_THAT(text, Contains("duration_seconds_bucket{" + labels + ",le=\"+Inf\"} 3\n"));
  CHECK_THAT(text, Contains("duration_seconds_count{" + labels + "} 3\n"));
  CHECK_THAT(text, Contains("slipway_http_connections 3\n"));
  CHECK_THAT(text, Contains("slipway_http_streams 1\n"));
  CHECK_THAT(text, Contains("slipway_http_body_bytes 17\n"));
}

TEST_CASE("methods and paths that clients make up do not become series") {
  Traffic traffic;
  for (int i = 0; i < 1000; ++i) traffic.answered("METHOD" + std::to_string(i), "", 404, std::chrono::milliseconds(1));
  const std::string text = traffic.text({});
  CHECK_THAT(text, Contains("method=\"other\",route=\"none\",status=\"404\"} 1000"));
  CHECK(text.find("METHOD") == std::string::npos);
}
