#include "orchestrator/store/drifts.hpp"

#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/events.hpp"
#include "orchestrator/store/projects.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::store;

TEST_CASE("a drift is told when it begins, when it changes and when it is over, not at every look") {
  TemporaryStore with;
  Project project;
  project.name = "shop";
  project.clone_url = "https://example.test/shop.git";
  const auto id = with.write(&Projects::add, project).value();
  REQUIRE(with.write(&Applications::ensure, std::string("shop"), id, kNoon));
  const auto note = [&](const std::string& what, Milliseconds later) {
    return with.write(&Drifts::note, std::string("shop"), std::string("h1"), what, kNoon + later).value();
  };
  CHECK_FALSE(note("", Milliseconds(0)));
  CHECK(note("a is missing", Milliseconds(1)));
  CHECK_FALSE(note("a is missing", Milliseconds(2)));
  const auto listed = with.read(&Drifts::list, std::string("shop")).value();
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].host == "h1");
  CHECK(listed[0].what == "a is missing");
  CHECK(listed[0].since == kNoon + Milliseconds(1));
  CHECK(note("b is missing", Milliseconds(3)));
  CHECK(note("", Milliseconds(4)));
  CHECK_FALSE(note("", Milliseconds(5)));
  CHECK(with.read(&Drifts::list, std::string("shop")).value().empty());

  EventFilter filter;
  filter.application = "shop";
  const auto events = with.read(&Events::list, filter).value();
  std::vector<std::string> told;
  for (const Event& event : events.items) told.push_back(event.kind + " " + event.data);
  CHECK(told == std::vector<std::string>{R"(drift.found {"host":"h1","what":"a is missing"})",
                                         R"(drift.found {"host":"h1","what":"b is missing"})",
                                         R"(drift.gone {"host":"h1","what":"b is missing"})"});
}
