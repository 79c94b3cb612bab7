#include "orchestrator/rollouts/metric_alarm.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::rollouts;

namespace {

using Answer = Result<std::vector<MetricSample>>;

Time at(int ms) {
  return Time(Milliseconds(1'764'000'000'000 + ms));
}

MetricGate errors_above(double bound) {
  MetricGate gate;
  gate.name = "errors";
  gate.above = bound;
  return gate;
}

Answer shows(double value) {
  return std::vector<MetricSample>{{"", value}};
}

Answer nothing() {
  return std::vector<MetricSample>{};
}

}  // namespace

TEST_CASE("a metric beyond its bound is an alarm that names series, value and bound") {
  MetricAlarm alarm(errors_above(0.05));
  CHECK_FALSE(alarm.observe(shows(0.05), at(0)));
  const Answer two = std::vector<MetricSample>{{"{instance=\"a\"}", 0.01}, {"{instance=\"b\"}", 0.25}};
  CHECK(alarm.observe(two, at(1)) == "errors{instance=\"b\"} is 0.25, above 0.05");
}

TEST_CASE("a metric below its bound is an alarm too") {
  MetricGate gate;
  gate.name = "up";
  gate.below = 1;
  MetricAlarm alarm(gate);
  CHECK_FALSE(alarm.observe(shows(1), at(0)));
  CHECK(alarm.observe(shows(0), at(1)) == "up is 0, below 1");
}

TEST_CASE("a breach has to last, and one good look begins its time again") {
  MetricGate gate = errors_above(1);
  gate.lasting = Milliseconds(3000);
  MetricAlarm alarm(gate);
  CHECK_FALSE(alarm.observe(shows(2), at(0)));
  CHECK_FALSE(alarm.observe(shows(2), at(2999)));
  CHECK_FALSE(alarm.observe(shows(0), at(3000)));
  CHECK_FALSE(alarm.observe(shows(2), at(4000)));
  CHECK_FALSE(alarm.observe(shows(2), at(6999)));
  CHECK(alarm.observe(shows(2), at(7000)) == "errors is 2, above 1 for 3s");
}

TEST_CASE("an alarm goes off once, and again only after all was well") {
  MetricAlarm alarm(errors_above(1));
  CHECK(alarm.observe(shows(2), at(0)));
  CHECK_FALSE(alarm.observe(shows(3), at(1)));
  CHECK_FALSE(alarm.observe(nothing(), at(2)));
  CHECK_FALSE(alarm.observe(shows(1), at(3)));
  CHECK(alarm.observe(shows(2), at(4)));
}

TEST_CASE("no data is an alarm after so many tries in a row, unless it is to be ignored") {
  MetricGate gate = errors_above(1);
  gate.tries = 2;
  MetricAlarm alarm(gate);
  CHECK_FALSE(alarm.observe(nothing(), at(0)));
  CHECK_FALSE(alarm.observe(shows(0), at(1)));
  CHECK_FALSE(alarm.observe(nothing(), at(2)));
  const Answer down = fail(Error::Kind::unavailable, "connection refused");
  CHECK(alarm.observe(down, at(3)) == "errors: connection refused, 2 times in a row");
  gate.ignore_no_data = true;
  MetricAlarm calm(gate);
  for (int i = 0; i < 10; ++i) CHECK_FALSE(calm.observe(nothing(), at(i)));
  CHECK(calm.observe(shows(2), at(11)));
}

TEST_CASE("looks without data do not count as a breach that lasts") {
  MetricGate gate = errors_above(1);
  gate.lasting = Milliseconds(1000);
  MetricAlarm alarm(gate);
  CHECK_FALSE(alarm.observe(shows(2), at(0)));
  CHECK_FALSE(alarm.observe(nothing(), at(500)));
  CHECK_FALSE(alarm.observe(shows(2), at(1000)));
}

TEST_CASE("answers of Prometheus are read: vectors, scalars, numbers that are none, errors") {
  const auto vector = parse_instant_query(
      R"({"status":"success","data":{"resultType":"vector","result":[)"
      R"({"metric":{"a":"1","b":"2"},"value":[1764000000.1,"0.5"]},{"metric":{},"value":[1,"NaN"]},)"
      R"({"metric":{},"value":[1,"+Inf"]}]}})");
  REQUIRE(vector);
  REQUIRE(vector->size() == 2);
  CHECK((*vector)[0].labels == "{a=\"1\", b=\"2\"}");
  CHECK((*vector)[0].value == 0.5);
  CHECK((*vector)[1].value > 1e300);
  const auto scalar = parse_instant_query(R"({"status":"success","data":{"resultType":"scalar","result":[1,"-7e3"]}})");
  REQUIRE(scalar);
  CHECK(scalar->front().value == -7000);
  const auto wrong = parse_instant_query(R"({"status":"error","error":"parse error: unexpected )\n"})");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message == "parse error: unexpected )\n");
  const auto odd = GENERATE(as<std::string>(), "", "<html>", "[]", "{}", R"({"status":"success"})",
                            R"({"status":"success","data":{"resultType":"matrix","result":[]}})",
                            R"({"status":"success","data":{"resultType":"string","result":[1,"x"]}})");
  CAPTURE(odd);
  CHECK_FALSE(parse_instant_query(odd));
}

TEST_CASE("what a stranger's metrics say is bounded and fit for a terminal") {
  const std::string label(1000, 'x');
  const auto answer =
      parse_instant_query(R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"\u001b[2J)" +
                          label + R"("},"value":[1,"1"]}, 5, {"value": 7}]}})");
  REQUIRE(answer);
  REQUIRE(answer->size() == 1);
  CHECK(answer->front().labels.size() < 220);
  CHECK(answer->front().labels.find('\x1b') == std::string::npos);
}
