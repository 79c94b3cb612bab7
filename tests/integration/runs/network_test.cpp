// Who reaches whom on the network that all jobs share.
#include "tests/integration/runs/under_way.hpp"

using namespace slipway;
using namespace slipway::runs;
using namespace std::chrono_literals;

TEST_CASE("what listens in a job is reached by its own steps and by those of no other job on the same network") {
  Bench bench;
  // The same words from inside and from outside, so that no other reason can keep the outside out.
  const std::string ask = "timeout 3 wget -qO- http://";
  JobOrder open = bench.order({ask + "web:8080/", ask + "$(hostname -i):8080/", "echo reached it", "sleep 1000"});
  open.offline = false;
  ServiceSpec service;
  service.name = "web";
  service.image.reference = "busybox:latest";
  service.command = {"sh", "-c", "mkdir /www; echo served > /www/index.html; httpd -f -p 8080 -h /www"};
  service.limits.memory_bytes = 64 << 20;
  service.ready.timeout = 20s;
  service.ready.port = 8080;
  open.services.push_back(service);
  UnderWay listening(bench, open);
  listening.until_says("test", "reached it");
  const docker::Container holder = required(bench.run(bench.engine.containers().inspect(open.name.anchor())));
  REQUIRE(holder.networks.size() == 1);
  REQUIRE(holder.networks.begin()->second.network_id == bench.network);
  const std::string address = holder.networks.begin()->second.ipv4;

  // One step is on the network itself, one of several in a namespace that is.
  const bool alone = GENERATE(true, false);
  JobOrder curious =
      bench.order({"ip route | grep ^default", "if " + ask + address + ":8080/; then exit 9; fi", "echo not reached"});
  curious.offline = false;
  if (!alone) {
    StepSpec next = curious.steps[0];
    next.name = "next";
    next.commands = {"true"};
    curious.steps.push_back(std::move(next));
  }
  UnderWay kept_out(bench, curious);
  const Outcome outcome = kept_out.end();
  INFO(outcome.reason << "\n" << bench.log(curious, "test"));
  CHECK(outcome.verdict == Verdict::passed);

  listening.stop("enough");
  CHECK(listening.end().reason == "enough");
  const std::string log = bench.log(open, "test");
  CHECK(log.find("served\n") != log.rfind("served\n"));
}
