#include "orchestrator/runs/naming.hpp"

#include <catch2/catch.hpp>

#include "base/process.hpp"
#include "orchestrator/runs/script.hpp"
#include "tests/support/run_async.hpp"

using namespace slipway;
using namespace slipway::runs;

TEST_CASE("plain keys are names as they are") {
  for (const std::string key : {"unit", "unit-3.11", "Build_1", "9"}) CHECK(slug(key) == key);
}

TEST_CASE("other keys are changed and stay different from each other") {
  std::set<std::string> seen;
  for (const std::string key :
       {"", " ", "-x", "unit (3.11)", "unit [3.11]", "unit--3.11-", "a/b", "a b", "../..", "\xc3\xbc"}) {
    const std::string name = slug(key);
    CAPTURE(key, name);
    CHECK(name.size() <= 60);
    CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
          std::string::npos);
    CHECK(std::isalnum(static_cast<unsigned char>(name.front())));
    CHECK(seen.insert(name).second);
  }
  CHECK(slug(std::string(100, 'a')) != slug(std::string(101, 'a')));
  CHECK(slug(std::string(100, 'a')).size() == 60);
}

TEST_CASE("the names of an attempt tell everything apart") {
  const AttemptName name("ab12", RunId(7), "unit", 2);
  CHECK(name.container("test") == "slip-ab12-7-unit.test-a2");
  CHECK(name.anchor() == "slip-ab12-7-unit-net-a2");
  CHECK(name.workspace() == "slip-ab12-7-unit-a2");
  CHECK(name.log("test") == "unit.test.a2");
  CHECK(name.labels("test") == Labels{{"dev.slipway.instance", "ab12"},
                                      {"dev.slipway.run", "7"},
                                      {"dev.slipway.job", "unit"},
                                      {"dev.slipway.attempt", "2"},
                                      {"dev.slipway.step", "test"}});
}

TEST_CASE("no two steps of a run have one container's name, and none has that of a job's network") {
  std::set<std::string> seen;
  for (const std::string job : {"a", "a-b", "a-b-net", "a-net", "a (1.b)", "a-a1"}) {
    const AttemptName name("ab12", RunId(7), job, 1);
    CAPTURE(job);
    CHECK(seen.insert(name.anchor()).second);
    for (const std::string step : {"run", "b-run", "net", "b-net", "a1", "run-a1"}) {
      CAPTURE(step);
      CHECK(seen.insert(name.container(step)).second);
    }
  }
}

namespace {

ProcessOutcome run_script(const std::vector<std::string>& commands) {
  const auto script = make_script(commands);
  REQUIRE(script);
  const auto outcome = run_async(run_process(ProcessSpec("/bin/sh", {"-c", *script})));
  REQUIRE(outcome);
  return *outcome;
}

}  // namespace

TEST_CASE("commands are shown and run in one shell") {
  const ProcessOutcome outcome = run_script({"x='a  b'", "cd /", "echo \"$x in $(pwd)\""});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output == "+ x='a  b'\n+ cd /\n+ echo \"$x in $(pwd)\"\na  b in /\n");
}

TEST_CASE("the first command that fails ends the script with its exit code") {
  const ProcessOutcome outcome = run_script({"echo one", "(exit 42)", "echo two"});
  CHECK(outcome.exit_code == 42);
  CHECK(outcome.output == "+ echo one\none\n+ (exit 42)\n");
}

TEST_CASE("a command of several lines stops at the line that fails") {
  const ProcessOutcome outcome = run_script({"echo one\nfalse\necho two"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.output == "+ echo one\nfalse\necho two\none\n");
}

TEST_CASE("showing a command never runs it") {
  const ProcessOutcome outcome = run_script({": '$(echo bad >&2)' \"%s\" \\n `true`"});
  CHECK(outcome.errors.empty());
  CHECK(outcome.output == "+ : '$(echo bad >&2)' \"%s\" \\n `true`\n");
}

TEST_CASE("commands that no shell could take are refused") {
  CHECK(make_script({std::string(200'000, 'x')}).error().kind == Error::Kind::invalid);
  CHECK(make_script({std::string("a\0b", 3)}).error().kind == Error::Kind::invalid);
}
