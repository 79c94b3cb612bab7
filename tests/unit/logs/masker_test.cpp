#include "orchestrator/logs/masker.hpp"

#include <catch2/catch.hpp>

#include "base/encoding.hpp"

using namespace slipway;
using namespace slipway::logs;

namespace {

MaskPatterns patterns_of(std::initializer_list<std::string> secrets) {
  std::vector<Secret> list;
  for (const std::string& secret : secrets) list.emplace_back(secret);
  return MaskPatterns(list);
}

std::string mask_in_pieces(const MaskPatterns& patterns, std::string_view line, std::size_t piece) {
  Masker masker(patterns);
  std::string shown;
  for (std::size_t i = 0; i < line.size(); i += piece) shown += masker.feed(line.substr(i, piece));
  return shown + masker.end_line();
}

std::string mask(const MaskPatterns& patterns, std::string_view line) {
  return mask_in_pieces(patterns, line, line.size() + 1);
}

}  // namespace

TEST_CASE("a secret is masked wherever it stands and however the text is cut") {
  const auto patterns = patterns_of({"hunter2", "s3cr3t-value"});
  const std::size_t piece = GENERATE(range(1, 20));
  CHECK(mask_in_pieces(patterns, "hunter2", piece) == "***");
  CHECK(mask_in_pieces(patterns, "user:hunter2@host s3cr3t-value", piece) == "user:***@host ***");
  CHECK(mask_in_pieces(patterns, "hunterhunter2hunter2x", piece) == "hunter******x");
  CHECK(mask_in_pieces(patterns, "hunter", piece) == "hunter");
  CHECK(mask_in_pieces(patterns, "", piece) == "");
}

TEST_CASE(
    "a text of several lines is masked line by line, and what may begin a secret where it was cut off is left out") {
  const auto patterns = patterns_of({"hunter2", "first line\nsecond line"});
  CHECK(masked(patterns, "is hunter2\n\nhunt") == "is ***\n\nhunt");
  CHECK(masked(patterns, "first line\nsecond line\n") == "***\n***\n");
  const std::string cut = masked(patterns_of({"hunter2"}), "is hunter2\nthe password is hunter", true);
  CHECK(cut.starts_with("is ***\nthe pas"));
  CHECK(cut.find("hunter") == std::string::npos);
  CHECK(masked(patterns_of({}), "hunter2\nx", true) == "hunter2\nx");
  CHECK(masked(patterns, "").empty());
}

TEST_CASE("secrets that overlap leave nothing of either") {
  const auto patterns = patterns_of({"abcdef", "defghi", "efg"});
  const std::size_t piece = GENERATE(range(1, 12));
  CHECK(mask_in_pieces(patterns, "xabcdefghiy", piece) == "x***y");
  CHECK(mask_in_pieces(patterns, "abcdef defghi", piece) == "*** ***");
}

TEST_CASE("a secret that repeats into itself is masked as a whole") {
  const auto patterns = patterns_of({"aaaa"});
  CHECK(mask(patterns, "aaaaaa") == "***");
  CHECK(mask(patterns, "aaa") == "aaa");
}

TEST_CASE("the longer of two secrets with the same start is masked") {
  const auto patterns = patterns_of({"pass", "password1"});
  CHECK(mask(patterns, "password1 passport") == "*** ***port");
}

TEST_CASE("base64 of a secret is masked at every alignment and in both alphabets") {
  const std::string secret = "p\xff\xfe?ssw0rd>>>??";
  const auto patterns = patterns_of({secret});
  const std::string before = GENERATE("", "u", "us", "user:");
  const std::string after = GENERATE("", "x", "xyz");
  const std::string plain = to_base64(before + secret + after);
  const std::string url = to_base64url(before + secret + after);
  CHECK(mask(patterns, plain).find("***") != std::string::npos);
  CHECK(mask(patterns, url).find("***") != std::string::npos);
  // At most one group of four on each side may be left, which holds less than three bytes of the secret.
  const std::size_t around = to_base64(before).size() + to_base64(after).size() + 8;
  CHECK(mask(patterns, plain).size() <= around + 3);
}

TEST_CASE("each line of a secret of several lines is masked, short ones excepted") {
  const auto patterns = patterns_of({"-----BEGIN KEY-----\r\nMIIEpAIBAAK\n}\n-----END KEY-----\n"});
  CHECK(mask(patterns, "-----BEGIN KEY-----") == "***");
  CHECK(mask(patterns, "key: MIIEpAIBAAK.") == "key: ***.");
  CHECK(mask(patterns, "if (x) { y }") == "if (x) { y }");
}

TEST_CASE("a secret is masked percent-encoded and in JSON") {
  const auto patterns = patterns_of({"a b&c/d\"e\nf"});
  CHECK(mask(patterns, "?q=a%20b%26c%2Fd%22e%0Af") == "?q=***");
  CHECK(mask(patterns, R"({"k":"a b&c/d\"e\nf"})") == R"({"k":"***"})");
}

TEST_CASE("a secret of one byte is masked, an empty one is not looked for") {
  CHECK(mask(patterns_of({"7"}), "a7b7") == "a***b***");
  const auto none = patterns_of({"", "\n"});
  CHECK(none.empty());
  CHECK(mask(none, "text") == "text");
}

TEST_CASE("text is held back no longer than the longest secret asks for") {
  const auto patterns = patterns_of({"12345678"});
  Masker masker(patterns);
  const std::string shown = masker.feed(std::string(1000, 'x'));
  CHECK(shown.size() >= 1000 - patterns.longest());
  CHECK(masker.holds_back());
  CHECK(masker.end_line().size() + shown.size() == 1000);
  CHECK_FALSE(masker.holds_back());
}
