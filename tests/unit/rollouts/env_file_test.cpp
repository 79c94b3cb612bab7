#include "orchestrator/rollouts/compose/env_file.hpp"

#include <catch2/catch.hpp>

#include "orchestrator/rollouts/compose/decode.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

using Environment = std::map<std::string, std::string>;

std::string error_of(const std::string& text) {
  const auto read = parse_env_file(text, {}, false);
  return read ? std::string("none") : read.error().message;
}

Application application_of(const std::string& lines) {
  ComposeText text;
  text.text = "name: shop\nservices:\n  web:\n    image: a\n" + lines;
  auto application = decode_compose(text, {});
  REQUIRE(application);
  return *application;
}

}  // namespace

TEST_CASE("a file of variables is read as Compose reads it") {
  const auto read = parse_env_file(
      "# a comment\r\n\nPLAIN=some words  # said of it\nexport EXPORTED = x\nEMPTY=\nNOTHING=#only a comment\n"
      "URL=http://a/#part\nSINGLE='$NOT \"put\" \\n' # behind\nDOUBLE=\"a\\tb \\\"c\\\" \\$d \\\\ \\q\"\n"
      "LONG=\"first\n second\"\nKEY='-----BEGIN\n=====END'\nUSED=${PLAIN}/$GIVEN/${ABSENT:-else}\nPLAIN=last\n"
      "dotted.name-x=1",
      {{"GIVEN", "given"}}, false);
  REQUIRE(read);
  CHECK(*read == Environment{{"PLAIN", "last"},
                             {"EXPORTED", "x"},
                             {"EMPTY", ""},
                             {"NOTHING", ""},
                             {"URL", "http://a/#part"},
                             {"SINGLE", "$NOT \"put\" \\n"},
                             {"DOUBLE", "a\tb \"c\" $d \\ \\q"},
                             {"LONG", "first\n second"},
                             {"KEY", "-----BEGIN\n=====END"},
                             {"USED", "some words/given/else"},
                             {"dotted.name-x", "1"}});
}

TEST_CASE("a raw file of variables is taken as it stands") {
  const auto read = parse_env_file("A='$x' # y\nB=\"\n", {}, true);
  REQUIRE(read);
  CHECK(*read == Environment{{"A", "'$x' # y"}, {"B", "\""}});
}

TEST_CASE("what is wrong in a file of variables is said with its line") {
  CHECK(error_of("A=1\nB\n") == "2: B has no value");
  CHECK(error_of("A=1\n\nB C=1\n") == "3: 'B C' is no name of a variable");
  CHECK(error_of("1A=x") == "1: '1A' is no name of a variable");
  CHECK(error_of("=x").starts_with("1: '' is no name"));
  CHECK(error_of("A='1\nB=2\n") == "1: A: the single quote is never closed");
  CHECK(error_of("Z=\"\n\"\nA=\"1\\\"\nB=2\n") == "3: A: the double quote is never closed");
  CHECK(error_of("A='1' 2\n") == "1: A: there is something behind the closing quote: 2");
  CHECK(error_of("A=$MISSING\n").starts_with("1: A: "));
  CHECK(error_of(std::string(300'000, '#')) == "1: the file is larger than 256 KiB");
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "V" + std::to_string(i) + "=\n";
  CHECK(error_of(many) == "1001: more than 1000 variables in a file");
}

TEST_CASE("environment wins over files, and later files over earlier ones") {
  Application application = application_of(
      "    environment: {A: said, D: said}\n    env_file: [one.env, {path: two.env, required: false}, "
      "{path: raw.env, format: raw}]\n");
  Environment files{{"one.env", "A=one\nB=one\nC=one\n"}, {"two.env", "B=two\n"}, {"raw.env", "R=$r\n"}};
  REQUIRE(merge_env_files(application, files, {}));
  CHECK(application.services[0].environment ==
        Environment{{"A", "said"}, {"B", "two"}, {"C", "one"}, {"D", "said"}, {"R", "$r"}});

  Application without = application_of("    env_file: [one.env, {path: two.env, required: false}]\n");
  files.erase("two.env");
  REQUIRE(merge_env_files(without, files, {}));
  CHECK(without.services[0].environment.at("B") == "one");
}

TEST_CASE("a file of variables that is missing or wrong is named") {
  Application application = application_of("    env_file: web.env\n");
  auto merged = merge_env_files(application, {}, {});
  REQUIRE_FALSE(merged);
  CHECK(merged.error().message == "env_file web.env is not in the checkout");
  merged = merge_env_files(application, {{"web.env", "\nA\n"}}, {});
  REQUIRE_FALSE(merged);
  CHECK(merged.error().message == "web.env:2: A has no value");
}
