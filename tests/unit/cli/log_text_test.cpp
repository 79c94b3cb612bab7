#include "cli/log_text.hpp"

#include <catch2/catch.hpp>

#include "cli/output.hpp"

using namespace slipway::cli;

TEST_CASE("a control that straddles the border of two pieces of a long line is as visible as any other") {
  const auto [control, visible] = GENERATE(table<std::string, std::string>({
      {"\xc2\x9b", "\\xc2\\x9b"},
      {"\xc2\x9d", "\\xc2\\x9d"},
      {"\xe2\x80\xae", "\\xe2\\x80\\xae"},
      {"\xe2\x82\xac", "\xe2\x82\xac"},
      {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
  }));
  for (std::size_t cut = 1; cut < control.size(); ++cut) {
    CAPTURE(visible, cut);
    const std::string line(LogText::longest, 'a');
    LogText text;
    std::string out = text.add(line + control.substr(0, cut));
    CHECK(out == line);
    out += text.add(control.substr(cut) + "b\n");
    CHECK(out == line + visible + "b\n");
    CHECK(text.finish().empty());
  }
}

TEST_CASE("lines are given out whole, and the beginning of a character at the end of all is made visible") {
  LogText text;
  CHECK(text.add("one\ntw").append("|") == "one\n|");
  CHECK(text.add("o\n\xc2") == "two\n");
  CHECK(text.finish() == "\\xc2");
  CHECK(text.finish().empty());
}

TEST_CASE("bytes that are no UTF-8 do not hold anything up") {
  for (const std::string bytes : {"\x9b", "\x80\x80\x80\x80", "\xc2\xc2\xc2", "\xff\xff"}) {
    LogText text;
    const std::string out = text.add(std::string(LogText::longest, 'a') + bytes);
    CHECK(out.size() + 3 >= LogText::longest);
    CHECK(text.finish().size() <= 12);
  }
  CHECK(whole_characters("\xe2\x82\xac") == 3);
  CHECK(whole_characters("a\xe2\x82") == 1);
  CHECK(whole_characters("\x82\x82\x82\x82") == 4);
  CHECK(whole_characters("") == 0);
}
