#include "orchestrator/rollouts/origin.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::rollouts;

TEST_CASE("a deployment is asked for by who ran its run again, else by its author") {
  store::Run run;
  run.author = "ann";
  CHECK(asker_of(run) == "ann");
  run.author = "Ann Other <ann@example.org>";
  CHECK(asker_of(run) == "Ann Other");
  run.context = R"({"image": "registry.example/base", "rerun_by": "bob"})";
  CHECK(asker_of(run) == "bob");
}

TEST_CASE("a deployment of a run by hand is asked for by who triggered it, not by the commit's author") {
  store::Run run;
  run.event = store::Trigger::manual;
  run.author = "Ann Other <ann@example.org>";
  run.context = R"({"asked_by": "bob"})";
  CHECK(asker_of(run) == "bob");
  run.context = R"({"asked_by": "bob", "rerun_by": "eve"})";
  CHECK(asker_of(run) == "eve");
  run.context = "{}";  // of an older slipwayd, which kept the token as the author
  run.author = "bob";
  CHECK(asker_of(run) == "bob");
}
