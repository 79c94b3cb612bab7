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
