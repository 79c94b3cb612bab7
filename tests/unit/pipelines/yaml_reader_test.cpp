#include "pipelines/yaml_reader.hpp"

#include <catch2/catch.hpp>

using namespace slipway::pipelines;

namespace {
struct Read {
  std::optional<YamlNode> node;
  std::vector<Diagnostic> said;
};
Read read(std::string_view text, YamlLimits limits = {}) {
  Diagnostics diagnostics("f.yml");
  auto node = read_yaml(text, diagnostics, limits);
  return {std::move(node), diagnostics.sorted()};
}
YamlNode good(std::string_view text) {
  Read result = read(text);
  CAPTURE(text);
  REQUIRE(result.node);
  REQUIRE(result.said.empty());
  return *result.node;
}
/// "line:column message" of the only thing said.
std::string bad(std::string_view text, YamlLimits limits = {}) {
  const Read result = read(text, limits);
  CHECK_FALSE(result.node);
  REQUIRE(result.said.size() == 1);
  const Diagnostic& one = result.said[0];
  return std::to_string(one.line) + ":" + std::to_string(one.column) + " " + one.message;
}
}  // namespace

TEST_CASE("values keep their kind, their text and their place") {
  const YamlNode root = good("a: 1\nb:\n  - \"x\"\n  - [y, z]\nc: {d: ~}\n");
  REQUIRE(root.is_map());
  CHECK(root.find("a")->text == "1");
  CHECK_FALSE(root.find("a")->quoted);
  const YamlNode& list = *root.find("b");
  REQUIRE(list.is_list());
  CHECK(list.at == Position{3, 3});
  CHECK(list.items[0].quoted);
  CHECK(list.items[0].at == Position{3, 5});
  CHECK(list.items[1].items[1].at == Position{4, 9});
  CHECK(root.find("c")->find("d")->is_null());
  CHECK(root.entries[2].at == Position{5, 1});
  CHECK(root.find("nothing") == nullptr);
}

TEST_CASE("columns count characters, whatever their length in bytes") {
  CHECK(good("{ü€𝄞: x}").entries[0].value.at == Position{1, 7});
}

TEST_CASE("a byte order mark and carriage returns change no position") {
  const YamlNode root = good(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: 2\r\n");
  CHECK(root.entries[0].at == Position{1, 1});
  CHECK(root.entries[1].at == Position{2, 1});
  CHECK(root.find("b")->text == "2");
}

TEST_CASE("an absent value stands where its key is") {
  const YamlNode root = good("a:\nb: 1\n");
  CHECK(root.find("a")->is_null());
  CHECK(root.find("a")->at == Position{1, 1});
}

TEST_CASE("a block scalar counts as quoted") {
  CHECK(good("a: |\n  5\n").find("a")->quoted);
}

TEST_CASE("an empty file is a null") {
  for (const char* text : {"", "\n", "# nothing\n", "---\n"}) CHECK(good(text).is_null());
}

TEST_CASE("an alias is a copy at the place of its anchor") {
  const YamlNode root = good("a: &x [1, 2]\nb: *x\n");
  REQUIRE(root.find("b")->items.size() == 2);
  CHECK(root.find("b")->items[1].text == "2");
  CHECK(root.find("b")->at == root.find("a")->at);
}

TEST_CASE("merge keys fill in what is not written out, the first map winning") {
  const YamlNode root = good("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: *a, x: 9}\nd: {<<: [*a, *b]}\n");
  const YamlNode& c = *root.find("c");
  CHECK(c.find("x")->text == "9");
  CHECK(c.find("y")->text == "1");
  CHECK(c.find("<<") == nullptr);
  const YamlNode& d = *root.find("d");
  CHECK(d.find("y")->text == "1");
  CHECK(d.find("z")->text == "2");
}

TEST_CASE("a file over the limit is not parsed") {
  YamlLimits limits;
  limits.bytes = 10;
  CHECK(bad("a: 12345678\n", limits) == "1:1 the file has 12 bytes; at most 10 are read");
  CHECK(read("a: 123456\n", limits).node);
}

TEST_CASE("nesting is bounded, also through aliases") {
  YamlLimits limits;
  limits.depth = 3;
  CHECK(read("a: [[x]]", limits).node);
  CHECK(bad("a: [[[x]]]", limits) == "1:6 lists and maps are nested more than 3 deep");
  CHECK(bad("a: &a [[x]]\nb: {c: *a}", limits) == "2:8 lists and maps are nested more than 3 deep");
  CHECK(bad(std::string(100'000, '['), {}).find("key") != std::string::npos);
  CHECK(bad("- " + std::string(600, '['), {}).size() > 0);
}

TEST_CASE("aliases that would make millions of values are stopped at the limit") {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 15; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 0; j < 8; ++j) text += ", " + last;
    text += "]\n";
  }
  CHECK(bad(text).find("more than 50000 values, aliases expanded") != std::string::npos);
}

TEST_CASE("aliases of a long text are stopped at the limit of bytes") {
  std::string text = "a: &a " + std::string(100'000, 'x') + "\nb: [";
  for (int i = 0; i < 100; ++i) text += "*a, ";
  CHECK(bad(text + "]\n").find("more than 4194304 bytes of text") != std::string::npos);
}

TEST_CASE("bytes that are no text are refused with their place") {
  CHECK(bad(std::string("a: x\n\0b: 1\n", 11)) == "2:1 the control character 0x00 is not allowed");
  CHECK(bad("a: \x1b[31m\n") == "1:4 the control character 0x1b is not allowed");
  CHECK(bad("a: \xc2\x9b\n") == "1:4 a control character is not allowed");
  CHECK(bad("a: \"\\e[2J\"\n") == "1:4 an escape of this value makes a control character");
  CHECK(bad("\"\\0\": x\n") == "1:1 an escape of this value makes a control character");
  CHECK(bad("a: \xff\n") == "1:4 the byte 0xff is not part of UTF-8 text");
  CHECK(bad("a: é\xc3(\n") == "1:5 the byte 0xc3 is not part of UTF-8 text");
  CHECK(bad("a: \xed\xa0\x80\n") == "1:4 the byte 0xed is not part of UTF-8 text");  // a surrogate
  CHECK(bad("a: \xc0\xaf\n") == "1:4 the byte 0xc0 is not part of UTF-8 text");      // overlong
  CHECK(bad("a: \xf5\x80\x80\x80\n") == "1:4 the byte 0xf5 is not part of UTF-8 text");
  CHECK(bad("a: \xe2\x82") == "1:4 the byte 0xe2 is not part of UTF-8 text");
}

TEST_CASE("the place of an expression is found in the source") {
  const std::string_view text = "a: x\nb: é ${{ one }} ${{ two }}\n";
  CHECK(locate(text, {2, 4}, "${{", 0) == Position{2, 6});
  CHECK(locate(text, {2, 4}, "${{", 1) == Position{2, 17});
  CHECK(locate(text, {2, 4}, "${{", 2) == Position{2, 4});
  CHECK(locate(text, {99, 1}, "${{", 0) == Position{99, 1});
}
