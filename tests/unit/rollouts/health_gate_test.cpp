#include "orchestrator/rollouts/health_gate.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::rollouts;
using Verdict = HealthGate::Verdict;

namespace {
const Time start{Milliseconds(1'764'000'000'000)};
Time at_tick(int ms) {
  return start + Milliseconds(ms);
}
HealthSample running() {
  HealthSample sample;
  sample.running = true;
  return sample;
}
HealthSample checked(Health health) {
  HealthSample sample = running();
  sample.has_check = true;
  sample.check = health;
  return sample;
}
}  // namespace

TEST_CASE("a container without a check is healthy once it has run for min_healthy_time") {
  HealthGate gate(Milliseconds(2000), 0);
  CHECK(gate.observe(running(), at_tick(0)) == Verdict::wait);
  CHECK(gate.observe(running(), at_tick(1999)) == Verdict::wait);
  CHECK(gate.reason() == "has not been healthy for 2000 ms in a row");
  CHECK(gate.observe(running(), at_tick(2000)) == Verdict::healthy);
}

TEST_CASE("with a min_healthy_time of nothing the first good look is enough") {
  HealthGate gate(Milliseconds(0), 0);
  CHECK(gate.observe(running(), at_tick(0)) == Verdict::healthy);
}

TEST_CASE("a health check that is still starting does not count as healthy time") {
  HealthGate gate(Milliseconds(1000), 0);
  CHECK(gate.observe(checked(Health::unknown), at_tick(0)) == Verdict::wait);
  CHECK(gate.observe(checked(Health::unknown), at_tick(5000)) == Verdict::wait);
  CHECK(gate.observe(checked(Health::healthy), at_tick(6000)) == Verdict::wait);
  CHECK(gate.observe(checked(Health::healthy), at_tick(7000)) == Verdict::healthy);
}

TEST_CASE("a health check that says unhealthy is final and passes its words on") {
  HealthGate gate(Milliseconds(1000), 0);
  HealthSample sample = checked(Health::unhealthy);
  sample.detail = "connection refused";
  CHECK(gate.observe(sample, at_tick(0)) == Verdict::failed);
  CHECK(gate.reason() == "its health check failed: connection refused");
}

TEST_CASE("an HTTP gate that does not pass starts the time again but is not final") {
  HealthGate gate(Milliseconds(1000), 0);
  HealthSample good = running();
  good.gate = true;
  HealthSample bad = running();
  bad.gate = false;
  bad.gate_name = "HTTP";
  bad.detail = "GET /healthz: 503";
  CHECK(gate.observe(good, at_tick(0)) == Verdict::wait);
  CHECK(gate.observe(bad, at_tick(900)) == Verdict::wait);
  CHECK(gate.reason() == "the HTTP gate did not pass: GET /healthz: 503");
  CHECK(gate.observe(good, at_tick(1000)) == Verdict::wait);
  CHECK(gate.observe(good, at_tick(1999)) == Verdict::wait);
  CHECK(gate.observe(good, at_tick(2000)) == Verdict::healthy);
}

TEST_CASE("a restart starts the time again, the fourth one is final") {
  HealthGate gate(Milliseconds(1000), 2);
  HealthSample sample = running();
  sample.restarts = 2;
  CHECK(gate.observe(sample, at_tick(0)) == Verdict::wait);
  for (int i = 1; i <= 3; ++i) {
    sample.restarts = 2 + i;
    CHECK(gate.observe(sample, at_tick(i * 5000)) == Verdict::wait);
  }
  sample.restarts = 6;
  sample.exit_code = 1;
  CHECK(gate.observe(sample, at_tick(20000)) == Verdict::failed);
  CHECK(gate.reason() == "restarted 4 times, last exit code 1");
}

TEST_CASE("an exit that nobody restarts is final, even with code 0") {
  HealthGate gate(Milliseconds(1000), 0);
  CHECK(gate.observe(HealthSample{}, at_tick(0)) == Verdict::failed);
  CHECK(gate.reason() == "exited with code 0");
}

TEST_CASE("out of memory is final whatever else is said") {
  HealthGate gate(Milliseconds(0), 0);
  HealthSample sample = checked(Health::healthy);
  sample.out_of_memory = true;
  CHECK(gate.observe(sample, at_tick(0)) == Verdict::failed);
  CHECK(gate.reason() == "ran out of memory");
}
