#include "pipelines/yaml_decoder.hpp"

#include <catch2/catch.hpp>

using namespace slipway::pipelines;
using namespace std::chrono_literals;

TEST_CASE("durations have a unit, the larger before the smaller") {
  const std::vector<std::pair<std::string, std::optional<std::chrono::milliseconds>>> table{
      {"90s", 90s},
      {"1h30m", 90min},
      {"500ms", 500ms},
      {"2d", 48h},
      {"1m0s", 1min},
      {"0s", 0s},
      {"1h1m1s1ms", 3661001ms},
      {"", std::nullopt},
      {"10", std::nullopt},
      {"s", std::nullopt},
      {"30m1h", std::nullopt},
      {"1m1m", std::nullopt},
      {"1.5h", std::nullopt},
      {"-1s", std::nullopt},
      {"1 s", std::nullopt},
      {"1S", std::nullopt},
      {"1w", std::nullopt},
      {"99999999999s", std::nullopt}};
  for (const auto& [text, expected] : table) {
    CAPTURE(text);
    CHECK(parse_duration(text) == expected);
  }
}

TEST_CASE("a formatted duration reads back as itself") {
  for (const auto duration : {0ms, 1ms, 999ms, 1000ms, 61'001ms, 90'000ms, 3'600'000ms, 604'800'000ms}) {
    CHECK(parse_duration(format_duration(duration)) == duration);
  }
  CHECK(format_duration(90min) == "1h30m");
}

TEST_CASE("sizes are powers of 1024, as Docker has them") {
  const std::vector<std::pair<std::string, std::optional<std::int64_t>>> table{{"512MB", 512LL << 20},
                                                                               {"512m", 512LL << 20},
                                                                               {"512MiB", 512LL << 20},
                                                                               {"1g", 1LL << 30},
                                                                               {"1.5GB", 3LL << 29},
                                                                               {"64k", 64LL << 10},
                                                                               {"7", 7},
                                                                               {"7b", 7},
                                                                               {"2 GB", 2LL << 30},
                                                                               {"1tb", 1LL << 40},
                                                                               {"", std::nullopt},
                                                                               {"GB", std::nullopt},
                                                                               {"-1", std::nullopt},
                                                                               {"1xb", std::nullopt},
                                                                               {"1.g", std::nullopt},
                                                                               {"1.2345g", std::nullopt},
                                                                               {"99999999999t", std::nullopt},
                                                                               {"1..2g", std::nullopt}};
  for (const auto& [text, expected] : table) {
    CAPTURE(text);
    CHECK(parse_bytes(text) == expected);
  }
  CHECK(format_bytes(512LL << 20) == "512MB");
  CHECK(format_bytes(1000) == "1000 bytes");
}

namespace {
YamlNode scalar(std::string text, bool quoted = false) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.text = std::move(text);
  node.quoted = quoted;
  return node;
}
}  // namespace

TEST_CASE("a number is a plain scalar within its bounds") {
  Diagnostics said("f");
  CHECK(read_integer(scalar("5"), "n", 1, 9, said) == 5);
  CHECK(said.errors() == 0);
  for (const char* text : {"", "five", "5x", "0x5", "1e3", "99999999999999999999", "+5", "5.0"}) {
    CHECK_FALSE(read_integer(scalar(text), "n", 1, 9, said));
  }
  CHECK_FALSE(read_integer(scalar("5", true), "n", 1, 9, said));
  CHECK_FALSE(read_integer(scalar("10"), "n", 1, 9, said));
  CHECK_FALSE(read_integer(YamlNode(), "n", 1, 9, said));
  CHECK(said.errors() == 11);
}

TEST_CASE("cpus are read in thousandths, without floating point") {
  Diagnostics said("f");
  CHECK(read_thousandths(scalar("0.5"), "n", 0, 9000, said) == 500);
  CHECK(read_thousandths(scalar("2"), "n", 0, 9000, said) == 2000);
  CHECK(read_thousandths(scalar("1.001"), "n", 0, 9000, said) == 1001);
  CHECK(said.errors() == 0);
  for (const char* text : {".5", "1.", "1.0001", "-1", "1,5", "9.1"}) {
    CHECK_FALSE(read_thousandths(scalar(text), "n", 0, 9000, said));
  }
  CHECK(said.errors() == 6);
}

TEST_CASE("only true and false are booleans") {
  Diagnostics said("f");
  CHECK(read_boolean(scalar("true"), "b", said) == true);
  CHECK(read_boolean(scalar("false"), "b", said) == false);
  for (const char* text : {"yes", "on", "True", "1", ""}) CHECK_FALSE(read_boolean(scalar(text), "b", said));
  CHECK_FALSE(read_boolean(scalar("true", true), "b", said));
  CHECK(said.errors() == 6);
}

TEST_CASE("a map reports the keys that nobody asked for, and only those") {
  Diagnostics said("settings.yml");
  const auto node = read_yaml("listen: a\nlisten_port: 1\nlimts: 2\nold: 3\n", said);
  REQUIRE(node);
  MapReader map(*node, "the settings", said);
  CHECK(map.find("listen") != nullptr);
  CHECK(map.find("limits") == nullptr);
  CHECK(map.find("listen_port") != nullptr);
  map.foreign("old", "write `new`");
  map.later("future");
  map.finish();
  const auto sorted = said.sorted();
  REQUIRE(sorted.size() == 2);
  CHECK(sorted[0].message == "unknown key `limts` in the settings");
  CHECK(sorted[0].help == "did you mean `limits`?");
  CHECK(sorted[0].line == 3);
  CHECK(sorted[1].help == "write `new`");
}
