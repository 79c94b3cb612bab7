#include "orchestrator/runs/remade.hpp"

#include <catch2/catch.hpp>

#include "tests/support/run_async.hpp"

using namespace slipway;
using namespace slipway::runs;

namespace {

struct Workbench {
  int mark = 0;
  int made = 0;
  bool works = true;
  Remade<int, int> thing{[this] { return mark; }, [this] { return make(); }};

  awaitable<Result<int>> make() {
    ++made;
    if (!works) co_return fail(Error::Kind::failed, "no room");
    co_return made;
  }
};

}  // namespace

TEST_CASE("what has been made is made again only when it may have gone") {
  Workbench bench;
  CHECK(run_async(bench.thing.get()) == 1);
  CHECK(run_async(bench.thing.get()) == 1);
  bench.mark = 1;
  CHECK(run_async(bench.thing.get()) == 2);
}

TEST_CASE("what can't be made again is not what was there before, and is tried again") {
  Workbench bench;
  REQUIRE(run_async(bench.thing.get()));
  bench.mark = 1;
  bench.works = false;
  CHECK_FALSE(run_async(bench.thing.get()));
  CHECK_FALSE(run_async(bench.thing.get()));
  bench.works = true;
  CHECK(run_async(bench.thing.get()) == 4);
  CHECK(bench.made == 4);
}
