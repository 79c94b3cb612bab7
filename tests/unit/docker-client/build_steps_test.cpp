#include "docker-client/build_steps.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::docker;

using Outcome = BuildEvent::Outcome;

TEST_CASE("lines of a step are put together, over-long ones come in parts") {
  std::vector<std::string> lines;
  BuildSteps steps([&](const BuildEvent& event) { lines.push_back(event.text); });
  const std::size_t step = steps.add("[1/1] RUN x", true);
  steps.output(step, LogStream::out, "one\r\ntw");
  steps.output(step, LogStream::err, "error");
  steps.output(step, LogStream::out, "o\n\nlast");
  steps.end();
  CHECK(lines == std::vector<std::string>{"one", "two", "", "last", "error"});
  lines.clear();
  steps.output(step, LogStream::out, std::string(100'000, 'x'));
  steps.end();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].size() == 64 << 10);
  CHECK(lines[0].size() + lines[1].size() == 100'000);
}

TEST_CASE("what is held back of a step's output comes before the step's end") {
  std::vector<std::string> told;
  BuildSteps steps([&](const BuildEvent& event) {
    told.push_back(event.kind == BuildEvent::Kind::finished ? "finished" : event.text);
  });
  const std::size_t step = steps.add("[1/1] RUN x", true);
  for (int i = 0; i < 40; ++i) steps.output(step, LogStream::out, std::string(63 << 10, 'x') + "\n");
  steps.output(step, LogStream::out, "last\n");
  CHECK(steps.holds_back());
  CHECK(told.size() < 20);
  steps.finish(step, Outcome::completed, Milliseconds(1), {});
  CHECK_FALSE(steps.holds_back());
  REQUIRE(told.size() == 42);
  CHECK(told[40] == "last");
  CHECK(told[41] == "finished");
}

TEST_CASE("the error of a step holds the last twenty lines it wrote, each cut short") {
  BuildSteps steps({});
  const std::size_t step = steps.add("[1/1] RUN x", true);
  for (int i = 0; i < 100; ++i) steps.output(step, LogStream::out, std::to_string(i) + "\n");
  steps.output(step, LogStream::out, std::string(5'000, 'y') + "\n");
  steps.finish(step, Outcome::failed, {}, "exit code: 1");
  const auto failure = steps.failure();
  REQUIRE(failure);
  CHECK(failure->last_lines.substr(0, 6) == "81\n82\n");
  CHECK(failure->last_lines.size() == 19 * 3 + 1'025);
}

TEST_CASE("the first step that failed is the failure; steps that were cancelled for it are not") {
  BuildSteps steps({});
  const std::size_t one = steps.add("[1/3] RUN a", true);
  const std::size_t two = steps.add("[2/3] RUN b", true);
  const std::size_t three = steps.add("[3/3] RUN c", true);
  steps.finish(one, Outcome::cancelled, {}, "context canceled");
  steps.finish(two, Outcome::failed, {}, "exit code: 1");
  steps.finish(three, Outcome::failed, {}, "exit code: 2");
  CHECK(steps.failure()->name == "[2/3] RUN b");
}

TEST_CASE("a step that ended well may still fail, and nothing else changes its end") {
  std::vector<Outcome> ends;
  BuildSteps steps([&](const BuildEvent& event) { ends.push_back(event.outcome); });
  const std::size_t step = steps.add("[1/1] RUN x", true);
  steps.finish(step, Outcome::completed, {}, {});
  steps.finish(step, Outcome::cached, {}, {});
  steps.finish(step, Outcome::failed, {}, "late");
  steps.finish(step, Outcome::failed, {}, "later");
  steps.finish(step, Outcome::completed, {}, {});
  CHECK(ends == std::vector<Outcome>{Outcome::completed, Outcome::failed});
  CHECK(steps.cached() == 0);
}

TEST_CASE("what refers to no step is passed over, and steps are bounded") {
  std::size_t events = 0;
  BuildSteps steps([&](const BuildEvent&) { ++events; });
  steps.start(0);
  steps.output(7, LogStream::out, "x\n");
  steps.finish(1, Outcome::failed, {}, "x");
  steps.transfer(1, "x", {});
  CHECK(events == 0);
  CHECK_FALSE(steps.failure());
  for (int i = 0; i < 10'000; ++i) CHECK(steps.add("step", false) != 0);
  CHECK(steps.add("one more", false) == 0);
}

TEST_CASE("a step's name is one line without control characters") {
  std::string name;
  BuildSteps steps([&](const BuildEvent& event) { name = event.name; });
  steps.start(steps.add("[1/1] RUN a\n\x1b[31mb", true));
  CHECK(name == "[1/1] RUN a  [31mb");
}
