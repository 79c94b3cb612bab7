#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/rollouts/compose/decode.hpp"
#include "orchestrator/rollouts/probe_log.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

Result<Application> decode_probe(const std::string& probe) {
  ComposeText text;
  text.text = "name: shop\nservices: {web: {image: busybox}}\nx-slipway:\n  probe: " + probe + "\n";
  return decode_compose(text, {});
}

}  // namespace

TEST_CASE("latencies are told within a quarter, also after two counts were added") {
  LatencyBuckets buckets;
  CHECK(buckets.quantile(0.5) == Milliseconds(0));
  for (int i = 1; i <= 1000; ++i) buckets.add(Milliseconds(i));
  for (const double share : {0.5, 0.9, 0.99, 1.0}) {
    const double exact = share * 1000;
    const auto told = static_cast<double>(buckets.quantile(share).count());
    CHECK(told >= exact);
    CHECK(told <= exact * 1.26 + 1);
  }
  LatencyBuckets slow;
  for (int i = 0; i < 1000; ++i) slow.add(Milliseconds(60'000));
  buckets.add(slow);
  CHECK(buckets.quantile(0.9) >= Milliseconds(60'000));
  CHECK(buckets.quantile(0.4) <= Milliseconds(1000));
  buckets.add(Milliseconds(10'000'000));
  buckets.set(LatencyBuckets::count, 5);
}

TEST_CASE("probes are filed by stage, and read back as they were written") {
  ProbeLog log;
  CHECK_FALSE(log.counts("h1"));
  log.count_from_now("h1");
  log.answered("pulling", Milliseconds(3));
  log.answered("batch 1", Milliseconds(5));
  log.failed("batch 1", "h1", "status 503", Time(Milliseconds(1000)));
  log.failed("batch 1", "h1", "status 502", Time(Milliseconds(2000)));
  log.unreachable("batch 2");
  log.unanswered("batch 2");
  CHECK(log.requests() == 4);
  CHECK(log.failures() == 2);
  CHECK(log.first_failure() == "1970-01-01T00:00:01.000Z host h1 during batch 1: status 503");
  const ProbeLog again = ProbeLog::from(log.json());
  CHECK(again.json() == log.json());
  CHECK(again.counts("h1"));
  REQUIRE(again.stages().size() == 3);
  CHECK(again.stages()[1].figures.latency.quantile(0.5) == log.stages()[1].figures.latency.quantile(0.5));
  CHECK(again.stages()[2].figures.unreachable == 1);
  CHECK(again.stages()[2].figures.unanswered == 1);
  const ProbeLog none = ProbeLog::from(Json());
  CHECK(none.stages().empty());
}

TEST_CASE("a probe has a rate within bounds, and fails a rollout only if it is told to") {
  const auto usual = decode_probe("{}");
  REQUIRE(usual);
  CHECK(usual->policy.probe == ProbePolicy());
  const auto strict = decode_probe("{rate: 0.5, path: /ping, timeout: 1s, fail_on_drop: true}");
  REQUIRE(strict);
  ProbePolicy policy;
  policy.rate = 0.5;
  policy.path = "/ping";
  policy.timeout = Milliseconds(1000);
  policy.fail_on_drop = true;
  CHECK(strict->policy.probe == policy);
  for (const char* wrong : {"{rate: 21}", "{path: ping}", "{path: \"/a b\"}", "{timeout: 2m}", "{speed: 1}", "fast"}) {
    CAPTURE(wrong);
    CHECK_FALSE(decode_probe(wrong));
  }
}
