#include "orchestrator/store/rollouts.hpp"

#include <algorithm>

#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/audit.hpp"
#include "orchestrator/store/events.hpp"
#include "orchestrator/store/retention.hpp"
#include "orchestrator/store/trail.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::store;

namespace {

std::int64_t add_generation(TemporaryStore& s, std::string name = "hello") {
  REQUIRE(s.write(&Applications::ensure, name, ProjectId(), kNoon));
  Generation generation;
  generation.application = std::move(name);
  generation.compose = "name: hello";
  generation.images = R"({"web":"registry.example/hello@sha256:aa"})";
  generation.references = R"({"secrets":["KEY"]})";
  generation.created = kNoon;
  return s.write(&Applications::add_generation, generation).value();
}

RolloutId add_rollout(TemporaryStore& s, std::int64_t generation, std::string job = "") {
  Rollout rollout;
  rollout.application = "hello";
  rollout.generation = generation;
  rollout.job = std::move(job);
  rollout.plan = R"({"hosts":3})";
  rollout.requested_by = "ann";
  rollout.created = kNoon;
  return s.write(&Rollouts::add, rollout).value();
}

RolloutProgress progress(std::string state, bool ended = false) {
  RolloutProgress made;
  made.state = std::move(state);
  made.ended = ended;
  made.at = kNoon;
  return made;
}

RolloutHost host(std::string name, std::string state) {
  RolloutHost made;
  made.host = std::move(name);
  made.batch = 1;
  made.state = std::move(state);
  made.new_containers = R"(["c1"])";
  made.digest = "sha256:aa";
  made.updated = kNoon;
  return made;
}

}  // namespace

TEST_CASE("generations are numbered, kept, and promoted under the newest lease") {
  TemporaryStore s;
  const auto one = add_generation(s);
  const auto two = add_generation(s);
  CHECK(one == 1);
  CHECK(two == 2);
  const Generation got = s.read(&Applications::generation, "hello", one).value();
  CHECK(got.compose == "name: hello");
  CHECK(got.images == R"({"web":"registry.example/hello@sha256:aa"})");
  CHECK(got.references == R"({"secrets":["KEY"]})");
  CHECK_FALSE(got.promoted);

  const RolloutId rollout = add_rollout(s, one);
  const auto fence = s.write(&Rollouts::lease, rollout, kNoon).value();
  CHECK(s.write(&Applications::promote, "hello", one, fence + 1, kNoon).error().kind == Error::Kind::conflict);
  REQUIRE(s.write(&Applications::promote, "hello", one, fence, kNoon));
  CHECK(s.write(&Applications::promote, "hello", 9, fence, kNoon).error().kind == Error::Kind::not_found);
  CHECK(s.read(&Applications::get, "hello")->promoted == one);
  CHECK(s.read(&Applications::generation, "hello", one)->promoted == kNoon);
  CHECK(s.read(&Applications::promoted_before, "hello", two)->number == one);
  CHECK(s.read(&Applications::promoted_before, "hello", one).error().kind == Error::Kind::not_found);
  CHECK(s.read(&Applications::generations, "hello", 1)->at(0).number == two);
}

TEST_CASE("an application belongs to one project") {
  TemporaryStore s;
  const ProjectId shop = add_project(s, "shop");
  const ProjectId blog = add_project(s, "blog");
  REQUIRE(s.write(&Applications::ensure, "web", shop, kNoon));
  REQUIRE(s.write(&Applications::ensure, "web", shop, kNoon));
  CHECK(s.write(&Applications::ensure, "web", blog, kNoon).error().kind == Error::Kind::conflict);
  CHECK(s.read(&Applications::list)->size() == 1);
}

TEST_CASE("what happens to a rollout that a person asked for is an event of its application's project") {
  TemporaryStore s;
  const ProjectId project = add_project(s, "shop");
  REQUIRE(s.write(&Applications::ensure, "hello", project, kNoon));
  Generation generation;
  generation.application = "hello";
  generation.created = kNoon;
  const RolloutId id = add_rollout(s, s.write(&Applications::add_generation, generation).value());
  REQUIRE(s.write(&Rollouts::lease, id, kNoon));
  EventFilter filter;
  filter.project = project;
  const auto events = s.read(&Events::list, filter);
  REQUIRE(events);
  REQUIRE(events->items.size() == 2);
  CHECK(events->items[0].kind == "rollout.queued");
  CHECK(events->items[1].kind == "rollout.leased");
  CHECK_FALSE(events->items[1].run);
}

TEST_CASE("of two rollouts of an application the older one has the lease until it has ended") {
  TemporaryStore s;
  const auto generation = add_generation(s);
  const RolloutId first = add_rollout(s, generation);
  const RolloutId second = add_rollout(s, generation);
  CHECK(s.write(&Rollouts::lease, second, kNoon).error().kind == Error::Kind::conflict);
  const auto fence = s.write(&Rollouts::lease, first, kNoon).value();
  REQUIRE(s.write(&Rollouts::save, first, fence, progress("succeeded", true)));
  const auto next = s.write(&Rollouts::lease, second, kNoon).value();
  CHECK(next > fence);
  CHECK(s.write(&Rollouts::lease, first, kNoon).error().kind == Error::Kind::conflict);
}

TEST_CASE("after a new lease nothing is saved under the old one") {
  TemporaryStore s;
  const RolloutId id = add_rollout(s, add_generation(s));
  CHECK(s.write(&Rollouts::save, id, std::int64_t{0}, progress("pulling")).error().kind == Error::Kind::conflict);
  const auto old_fence = s.write(&Rollouts::lease, id, kNoon).value();
  REQUIRE(s.write(&Rollouts::save, id, old_fence, progress("pulling")));
  const auto fence = s.write(&Rollouts::lease, id, kNoon).value();
  CHECK(s.write(&Rollouts::save, id, old_fence, progress("batch")).error().kind == Error::Kind::conflict);
  CHECK(s.write(&Applications::promote, "hello", 1, old_fence, kNoon).error().kind == Error::Kind::conflict);
  CHECK(s.read(&Rollouts::get, id)->state == "pulling");
  REQUIRE(s.write(&Rollouts::save, id, fence, progress("batch")));
}

TEST_CASE("a rollout's progress is saved with its hosts, and told as events") {
  TemporaryStore s;
  const RolloutId id = add_rollout(s, add_generation(s));
  const auto fence = s.write(&Rollouts::lease, id, kNoon).value();
  RolloutProgress step = progress("batch");
  step.progress = R"({"batch":1})";
  step.hosts = {host("b", "pulled"), host("a", "pulled")};
  REQUIRE(s.write(&Rollouts::save, id, fence, step));
  step.hosts = {host("a", "created")};
  REQUIRE(s.write(&Rollouts::save, id, fence, step));
  RolloutProgress last = progress("rolled_back", true);
  last.reason = "b stayed unhealthy";
  REQUIRE(s.write(&Rollouts::save, id, fence, last));
  CHECK(s.write(&Rollouts::save, id, fence, last).error().kind == Error::Kind::conflict);

  const Rollout got = s.read(&Rollouts::get, id).value();
  CHECK(got.state == "rolled_back");
  CHECK(got.ended);
  CHECK(got.reason == "b stayed unhealthy");
  CHECK(got.finished == kNoon);
  CHECK(got.plan == R"({"hosts":3})");
  const auto hosts = s.read(&Rollouts::hosts, id).value();
  REQUIRE(hosts.size() == 2);
  CHECK(hosts[0].state == "created");
  CHECK(hosts[0].new_containers == R"(["c1"])");
  CHECK(hosts[1].state == "pulled");

  EventFilter filter;
  filter.rollout = id;
  std::vector<std::string> kinds;
  const auto told = s.read(&Events::list, filter).value();
  for (const Event& event : told.items) {
    kinds.push_back(event.kind);
    CHECK(event.application == "hello");
  }
  CHECK(kinds == std::vector<std::string>{"rollout.queued", "rollout.leased", "host.pulled", "host.pulled",
                                          "rollout.batch", "host.created", "rollout.rolled_back"});
}

TEST_CASE("a job's attempt has one rollout, and a queued one can be ended") {
  TemporaryStore s;
  const RunId run = add_run(s, add_project(s));
  Rollout rollout;
  rollout.application = "hello";
  rollout.generation = add_generation(s);
  rollout.run = run;
  rollout.job = "production";
  rollout.created = kNoon;
  const RolloutId id = s.write(&Rollouts::add, rollout).value();
  CHECK(s.write(&Rollouts::add, rollout).error().kind == Error::Kind::conflict);
  CHECK(s.read(&Rollouts::find, run, "production", 1)->id == id);
  CHECK(s.read(&Rollouts::open)->size() == 1);
  REQUIRE(s.write(&Rollouts::end_queued, id, "stopped", "superseded", kNoon));
  CHECK(s.write(&Rollouts::end_queued, id, "stopped", "", kNoon).error().kind == Error::Kind::conflict);
  CHECK(s.read(&Rollouts::open)->empty());
  CHECK(s.read(&Rollouts::list, "hello", 10)->size() == 1);
  CHECK(s.read(&Rollouts::list, "", 10)->size() == 1);
  CHECK(s.read(&Rollouts::list, "other", 10)->empty());
}

TEST_CASE("what happened in a rollout is kept with the fence under which it did, whatever becomes of its events") {
  TemporaryStore s;
  const RolloutId id = add_rollout(s, add_generation(s));
  const auto fence = s.write(&Rollouts::lease, id, kNoon).value();
  RolloutProgress row = progress("pulling");
  row.hosts = {host("h1", "pending")};
  REQUIRE(s.write(&Rollouts::save, id, fence, row));
  row.hosts = {host("h1", "pulled")};
  REQUIRE(s.write(&Rollouts::save, id, fence, row));
  REQUIRE(s.write(&Rollouts::save, id, fence, row));  // nothing new
  row = progress("succeeded", true);
  row.reason = "all is well";
  REQUIRE(s.write(&Rollouts::save, id, fence, row));
  Retention keep;
  keep.events = 0;
  REQUIRE(run_async(tidy(*s.store, kNoon + std::chrono::days(1000), keep)));

  const auto trail = s.read(&Trail::list, id).value();
  std::vector<std::string> lines;
  for (const TrailEntry& one : trail) {
    lines.push_back(std::to_string(one.fence) + " " + one.host + " " + one.what + " " + one.detail);
  }
  CHECK(lines == std::vector<std::string>{"0  queued ", "1  leased ", "1 h1 pending ", "1  pulling ", "1 h1 pulled ",
                                          "1  succeeded all is well"});
}

TEST_CASE("what people say about a rollout is found by it") {
  TemporaryStore s;
  const RolloutId id = add_rollout(s, add_generation(s));
  AuditEntry word(kNoon, "ann", "app.pause");
  word.rollout = id;
  REQUIRE(s.write(&Audit::add, word));
  REQUIRE(s.write(&Audit::add, AuditEntry(kNoon, "bob", "project.add")));
  const auto found = s.read(&Audit::of_rollout, id).value();
  REQUIRE(found.size() == 1);
  CHECK(found[0].who == "ann");
  CHECK(s.read(&Audit::list, 0, 10)->items.size() == 2);
}

TEST_CASE(
    "a project stays while a rollout of its application has not ended, and one added again gets its applications") {
  TemporaryStore s;
  const ProjectId project = add_project(s, "shop");
  REQUIRE(s.write(&Applications::ensure, "hello", project, kNoon));
  Generation generation;
  generation.application = "hello";
  const RolloutId id = add_rollout(s, s.write(&Applications::add_generation, generation).value());
  const auto busy = s.write(&Projects::remove, project, kNoon);
  REQUIRE_FALSE(busy);
  CHECK(busy.error().kind == Error::Kind::conflict);
  CHECK(busy.error().message == "a rollout of its application hello has not ended");
  CHECK(s.read(&Projects::find, "shop"));

  REQUIRE(s.write(&Rollouts::end_queued, id, "stopped", "", kNoon));
  REQUIRE(s.write(&Projects::remove, project, kNoon));
  const ProjectId other = add_project(s, "other");
  const auto taken = s.write(&Applications::ensure, "hello", other, kNoon);
  REQUIRE_FALSE(taken);
  CHECK(taken.error().message == "application hello belongs to project shop, which was removed");
  CHECK(s.read(&Applications::get, "hello")->project == project);

  const ProjectId again = add_project(s, "shop");
  CHECK(s.read(&Applications::get, "hello")->project == again);
  CHECK(s.write(&Applications::ensure, "hello", again, kNoon));
}

TEST_CASE("what people asked for is found behind any number of healings") {
  TemporaryStore s;
  const auto one = add_generation(s);
  const auto end = [&](RolloutId id, const std::string& state) {
    const auto fence = s.write(&Rollouts::lease, id, kNoon).value();
    REQUIRE(s.write(&Rollouts::save, id, fence, progress(state, true)));
  };
  const RolloutId first = add_rollout(s, one);
  end(first, "succeeded");
  const RolloutId second = add_rollout(s, one);
  end(second, "rolled_back");
  auto heal_often = [one](Transaction& tx) -> Result<void> {
    Rollouts rollouts(tx);
    for (int i = 0; i < 250; ++i) {
      Rollout rollout;
      rollout.application = "hello";
      rollout.generation = one;
      rollout.kind = i % 2 == 0 ? "heal" : "catch_up";
      rollout.created = kNoon;
      const auto id = rollouts.add(rollout);
      if (!id) return fail(id.error());
      const auto fence = rollouts.lease(*id, kNoon);
      if (!fence) return fail(fence.error());
      if (auto saved = rollouts.save(*id, *fence, progress("succeeded", true)); !saved) return saved;
    }
    return {};
  };
  REQUIRE(s.write(heal_often));
  const auto ids = [](const std::vector<Rollout>& rollouts) {
    std::vector<RolloutId> all;
    for (const Rollout& rollout : rollouts) all.push_back(rollout.id);
    return all;
  };
  CHECK(ids(s.read(&Rollouts::asked_for, "hello", 200).value()) == std::vector{second, first});
  CHECK(ids(s.read(&Rollouts::standing, "hello", 200).value()) == std::vector{first});
  CHECK(s.read(&Rollouts::standing, "other", 200)->empty());
}

TEST_CASE("the images of an application's newest generations are known, and those that any application may ask for") {
  TemporaryStore s;
  const auto add = [&](const std::string& name, const std::string& images) {
    REQUIRE(s.write(&Applications::ensure, name, ProjectId(), kNoon));
    Generation generation;
    generation.application = name;
    generation.images = images;
    generation.created = kNoon;
    return s.write(&Applications::add_generation, generation).value();
  };
  const auto promote = [&](const std::string& name, std::int64_t generation) {
    Rollout rollout;
    rollout.application = name;
    rollout.generation = generation;
    rollout.created = kNoon;
    const RolloutId id = s.write(&Rollouts::add, rollout).value();
    const auto fence = s.write(&Rollouts::lease, id, kNoon).value();
    REQUIRE(s.write(&Applications::promote, name, generation, fence, kNoon));
    REQUIRE(s.write(&Rollouts::save, id, fence, progress("succeeded", true)));
  };
  using Texts = std::vector<std::string>;
  const auto sorted = [](Texts texts) {
    std::sort(texts.begin(), texts.end());
    return texts;
  };
  CHECK(s.read(&Applications::images_to_come)->empty());
  promote("hello", add("hello", "a"));
  promote("hello", add("hello", "b"));
  promote("other", add("other", "c"));
  const auto next = add("hello", "b");
  CHECK(sorted(s.read(&Applications::images_of, "hello", std::size_t{10}).value()) == Texts{"a", "b"});
  CHECK(s.read(&Applications::images_of, "hello", std::size_t{2}).value() == Texts{"b"});
  CHECK(sorted(s.read(&Applications::images_to_come).value()) == Texts{"b", "c"});
  add("other", "d");
  Rollout queued;
  queued.application = "other";
  queued.generation = 2;
  queued.created = kNoon;
  REQUIRE(s.write(&Rollouts::add, queued));
  CHECK(next == 3);
  CHECK(sorted(s.read(&Applications::images_to_come).value()) == Texts{"b", "c", "d"});
}

TEST_CASE("hosts are left behind that did not answer in the end, or could not be caught up, or were not left yet") {
  TemporaryStore s;
  const auto one = add_generation(s);
  const auto end = [&](const std::string& kind, const std::string& state, std::vector<RolloutHost> hosts) {
    Rollout rollout;
    rollout.application = "hello";
    rollout.generation = one;
    rollout.kind = kind;
    rollout.created = kNoon;
    const RolloutId id = s.write(&Rollouts::add, rollout).value();
    const auto fence = s.write(&Rollouts::lease, id, kNoon).value();
    RolloutProgress ended = progress(state, true);
    ended.hosts = std::move(hosts);
    REQUIRE(s.write(&Rollouts::save, id, fence, ended));
  };
  const auto left = [&] {
    std::vector<std::string> hosts;
    const auto all = s.read(&Rollouts::left_behind);
    REQUIRE(all);
    for (const HostLeftBehind& host : *all) hosts.push_back(host.application + " " + host.host);
    return hosts;
  };
  CHECK(left().empty());
  end("deploy", "succeeded", {host("h1", "unknown"), host("h2", "unknown"), host("h3", "committed")});
  CHECK(left() == std::vector<std::string>{"hello h1", "hello h2"});
  end("catch_up", "rollback_failed", {host("h1", "failed")});
  end("catch_up", "succeeded", {host("h2", "committed")});
  CHECK(left() == std::vector<std::string>{"hello h1"});
  end("catch_up", "stopped", {host("h1", "pulled")});
  CHECK(left().empty());
  end("deploy", "rolled_back", {host("h1", "failed"), host("h3", "unknown")});
  CHECK(left() == std::vector<std::string>{"hello h3"});
  RolloutHost not_its_turn = host("h3", "pulled");
  not_its_turn.batch = 0;
  end("deploy", "rolled_back", {host("h1", "failed"), not_its_turn});
  CHECK(left() == std::vector<std::string>{"hello h3"});
  end("catch_up", "succeeded", {host("h3", "committed")});
  RolloutHost to_be_left = host("h1", "stays");
  to_be_left.batch = 0;
  end("deploy", "succeeded", {to_be_left, host("h3", "committed")});
  CHECK(left() == std::vector<std::string>{"hello h1"});
}

TEST_CASE("what a host has is the generation of the last rollout that came to its end there") {
  TemporaryStore s;
  const auto one = add_generation(s);
  const auto two = add_generation(s);
  const auto end = [&](std::int64_t generation, const std::string& state, std::vector<RolloutHost> hosts) {
    Rollout rollout;
    rollout.application = "hello";
    rollout.generation = generation;
    rollout.created = kNoon;
    const RolloutId id = s.write(&Rollouts::add, rollout).value();
    const auto fence = s.write(&Rollouts::lease, id, kNoon).value();
    RolloutProgress ended = progress(state, true);
    ended.hosts = std::move(hosts);
    REQUIRE(s.write(&Rollouts::save, id, fence, ended));
  };
  const auto on = [&](const std::string& name) { return s.read(&Rollouts::generation_on, "hello", name).value(); };
  CHECK(on("h1") == 0);
  end(one, "succeeded", {host("h1", "committed"), host("h2", "old_stopped"), host("h3", "unknown")});
  CHECK(on("h1") == one);
  CHECK(on("h2") == one);
  CHECK(on("h3") == 0);
  end(two, "rolled_back", {host("h1", "committed"), host("h2", "rolled_back")});
  CHECK(on("h1") == one);
  RolloutHost emptied = host("h2", "committed");
  emptied.new_containers = "[]";
  end(two, "succeeded", {host("h1", "unknown"), emptied});
  CHECK(on("h1") == one);
  CHECK(on("h2") == 0);
  CHECK(s.read(&Rollouts::left_behind, "hello")->size() == 2);
  CHECK(s.read(&Rollouts::left_behind, "other")->empty());
}
