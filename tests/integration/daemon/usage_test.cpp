// What slipway says of its own command line, without any daemon.
#include <catch2/catch.hpp>

#include "base/files.hpp"
#include "tests/support/programs.hpp"
#include "tests/support/scripted_server.hpp"

using namespace slipway;

namespace {

/// `slipway WORDS…` in a folder, where nothing answers unless `url` does.
Ran slipway_in(const Folder& folder, std::vector<std::string> words, const std::string& url = "http://127.0.0.1:9",
               const std::string& input = "") {
  words.insert(words.begin(), SLIPWAY_PATH);
  return run_program(std::move(words), {{"SLIPWAY_URL", url}, {"SLIPWAY_TOKEN", "slw_x"}}, input, folder.path());
}

}  // namespace

TEST_CASE("what is wrong with the command line itself ends slipway with 2, before any daemon is asked") {
  const Folder folder;
  REQUIRE(write_file(folder.path() / "compose.yml", "name: shop\n"));
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{"trigger"}, "which project?"},
      {{"secret", "list"}, "which project?"},
      {{"trigger", "-p", "shop", "-P", "level"}, "'level' is not NAME=VALUE"},
      {{"run", "watch", "7", "--timeout", "foo"}, "'foo' is not a time"},
      {{"run", "view"}, "which run?"},
      {{"run", "list", "--state", "foo"}, "--state"},
      {{"run", "list", "--event", "foo"}, "--event"},
      {{"run", "list", "--verdict", "foo"}, "--verdict"},
      {{"project", "edit", "shop"}, "nothing to change"},
      {{"project", "edit", "shop", "--forge", "guthib"}, "--forge"},
      {{"app", "adopt", "shop", "--from-compose", "compose.yml"}, "whose application will it be?"},
      {{"app", "adopt", "shop", "--from-compose", "compose.yml", "--project", "shop", "--variable", "TAG"},
       "'TAG' is not NAME=VALUE"}};
  for (const auto& [words, message] : wrong) {
    const Ran ran = slipway_in(folder, words);
    CAPTURE(words, ran.err);
    CHECK(ran.code == 2);
    CHECK(ran.err.find(message) != std::string::npos);
  }
  CHECK(slipway_in(folder, {"run", "view", "7"}).code == 1);
  const Ran context = slipway_in(folder, {"--context", "nope", "run", "view", "7"});
  CHECK(context.code == 1);
  CHECK(context.err.find("there is no context 'nope'") != std::string::npos);
}

TEST_CASE("what the daemon does not take is an error, not a usage") {
  const Folder folder;
  const ScriptedServer server({ScriptedServer::json(R"({"error": {"message": "'x y' is no branch or tag"}})", 400)});
  const Ran ran = slipway_in(folder, {"trigger", "-p", "shop", "--ref", "x y"}, server.url());
  CHECK(ran.code == 1);
  CHECK(ran.err == "slipway: 'x y' is no branch or tag\n");
}

TEST_CASE("a misspelt line of .slipway is an error with what was meant, rather than all projects") {
  const Folder folder;
  const auto file = folder.path() / ".slipway";
  REQUIRE(write_file(file, "# whose\nprojct: shop\n"));
  for (const std::vector<std::string>& words : {std::vector<std::string>{"run", "list"}, {"trigger"}}) {
    const Ran ran = slipway_in(folder, words);
    CAPTURE(ran.err);
    CHECK(ran.code == 1);
    CHECK(ran.err.find(".slipway:2: unknown key 'projct'\n         did you mean `project`?\n") != std::string::npos);
  }
  REQUIRE(write_file(file, "project:\n"));
  CHECK(slipway_in(folder, {"trigger"}).err.find(".slipway:1: the project's name is missing") != std::string::npos);
  REQUIRE(write_file(file, "# whose\n\n  project:  shop \r\n"));
  const ScriptedServer server({ScriptedServer::json(R"({"id": 7})", 201)});
  CHECK(slipway_in(folder, {"trigger"}, server.url()).out == "7\n");
  CHECK(server.asked().at(0).starts_with("POST /api/v1/projects/shop/runs "));
  CHECK(slipway_in(folder, {"trigger", "-p", "other", "-P", "level"}).code == 2);
}

TEST_CASE("a pipeline file can be linted from standard input") {
  const Folder folder;
  const std::string good = "on: push\njobs:\n  unit: {image: busybox, run: [make]}\n";
  CHECK(slipway_in(folder, {"lint", "-"}, "", good).code == 0);
  const Ran bad = slipway_in(folder, {"lint", "-"}, "", "on: push\njobs:\n  unit: {image: busybox, runn: [make]}\n");
  CHECK(bad.code == 1);
  CHECK(bad.out.find("<stdin>:3:26: error: ") != std::string::npos);
}

TEST_CASE("the schema of pipeline files is printed for editors, whole or what a jq program wants of it") {
  const Folder folder;
  const Ran printed = slipway_in(folder, {"lint", "--schema"});
  CHECK(printed.code == 0);
  CHECK(printed.out == read_file("pipelines/schema.json", 1 << 20).value());
  CHECK(printed.err.empty());
  CHECK(slipway_in(folder, {"lint", "--schema", "--jq", ".title"}).out == "slipway.yml\n");
  const Ran both = slipway_in(folder, {"lint", "--schema", "other.yml"});
  CHECK(both.code == 2);
  CHECK(both.out.empty());
}
