// Files made to cost time or memory. The limit is generous, for a loaded machine; the ways of attack are quadratic or
// exponential, so a file that gets through takes minutes.
#include <chrono>
#include <functional>

#include <catch2/catch.hpp>

#include "pipelines/lint.hpp"

using namespace slipway::pipelines;

namespace {
constexpr std::size_t megabyte = 1 << 20;

std::string repeated(std::string_view part, std::size_t size = megabyte) {
  std::string text;
  while (text.size() + part.size() <= size) text += part;
  return text;
}

std::string counted(std::size_t count, const std::function<std::string(std::size_t)>& part) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += part(i);
  return text;
}

const std::string job = "on: push\njobs:\n unit:\n  image: debian:12\n  run: [make]\n";
}  // namespace

TEST_CASE("no file of a megabyte costs more than a moment") {
  const auto key = [](std::size_t i) { return "k" + std::to_string(i); };
  const std::vector<std::pair<std::string, std::string>> files{
      {"brackets", repeated("[")},
      {"braces", repeated("{")},
      {"dashes", repeated("- ")},
      {"flow entries", repeated("{a,")},
      {"tags", repeated("!a ")},
      {"an open quote", "\"" + std::string(megabyte - 1, 'a')},
      {"a long word", std::string(megabyte, 'a')},
      {"blanks", std::string(megabyte, ' ')},
      {"comments", repeated("#\n")},
      {"documents", repeated("---\n")},
      {"directives", repeated("%TAG ! a\n")},
      {"doubled keys", repeated("a: 1\n")},
      {"keys on one line", "{" + counted(40'000, [&](std::size_t i) { return key(i) + ": 1, "; }) + "}"},
      {"merged keys",
       "a: &a {" + counted(12'000, [&](std::size_t i) { return key(i) + ": 1, "; }) + "}\nb: {<<: [*a, *a]}\n"},
      {"unknown keys of a job", job + counted(20'000, [&](std::size_t i) { return "  " + key(i) + ": 1\n"; })},
      {"unknown names in expressions",
       job + "  env:\n" +
           counted(90, [&](std::size_t i) { return "   " + key(i) + ": \"" + repeated("${{ x }}", 11'000) + "\"\n"; })},
      {"expressions in a script", job + "  env: {A: b}\n" +
                                      counted(60,
                                              [&](std::size_t i) {
                                                return "  x" + key(i) + ": \"" + repeated("${{ branch }}", 15'000) +
                                                       "\"\n";
                                              })},
      {"many jobs",
       "on: push\njobs:\n" + counted(5'000, [&](std::size_t i) { return " " + key(i) + ": {image: a, run: [b]}\n"; })},
      {"all needing all",
       "on: push\njobs:\n" + counted(256, [&](std::size_t i) {
         return " " + key(i) + ": {image: a, run: [b], needs: [" +
                counted(std::min<std::size_t>(i, 64), [&](std::size_t j) { return key(i - j - 1) + ", "; }) + "]}\n";
       })}};
  for (const auto& [name, text] : files) {
    CAPTURE(name);
    const auto start = std::chrono::steady_clock::now();
    const LintReport report = lint(text.substr(0, megabyte));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    CHECK(took.count() < 15);
    CHECK(render(report.diagnostics, text).size() < 200'000);
    CHECK(report.valid() == (name == "all needing all"));
  }
}

TEST_CASE("what is over a bound is an error that names the bound") {
  const auto said = [](const std::string& text) {
    const auto all = lint(text).diagnostics.sorted();
    return all.empty() ? std::string("nothing") : all.front().message;
  };
  const auto numbered = [](std::size_t count, const std::string& before, const std::string& after) {
    return counted(count, [&](std::size_t i) { return before + std::to_string(i) + after; });
  };
  const std::string head = "on: push\njobs:\n unit:\n  image: debian:12\n";
  const std::string run = "  run: [make]\n";
  CHECK(said(head + "  run:\n" + numbered(201, "   - x", "\n")) == "`run` has 201 entries; at most 200 are allowed");
  CHECK(said(head + "  run: [" + std::string(16 * 1024 + 1, 'x') + "]\n") ==
        "an item of `run` is longer than 16384 bytes");
  CHECK(said(head + "  run:\n" + numbered(40, "   - " + std::string(1000, 'x'), "\n")) ==
        "the commands of a step have more than 32768 bytes");
  CHECK(said(head + "  steps:\n" + numbered(51, "   - run: x", "\n")) ==
        "`steps` has 51 entries; at most 50 are allowed");
  CHECK(said(head + run + "  env:\n" + numbered(201, "   V", ": x\n")) ==
        "`env` has 201 entries; at most 200 are allowed");
  CHECK(said(head + run + "  env: {A: " + std::string(16 * 1024 + 1, 'x') + "}\n") ==
        "`A` of `env` is longer than 16384 bytes");
  CHECK(said(head + run + "  needs: [" + numbered(65, "j", ", ") + "]\n") ==
        "`needs` has 65 entries; at most 64 are allowed");
  CHECK(said(head + run + "  matrix: {a: [" + numbered(65, "", ", ") + "]}\n") ==
        "`a` of the matrix has 65 entries; at most 64 are allowed");
  CHECK(said("on: {push: {paths: [" + numbered(101, "p", ", ") + "]}}\n" + head.substr(9) + run) ==
        "`on.push.paths` has 101 entries; at most 100 are allowed");
  CHECK(said("images: {" + numbered(33, "i", ": {}, ") + "}\n" + head + run) ==
        "`images` has 33 entries; at most 32 are allowed");
  CHECK(said("services: {" + numbered(33, "s", ": {image: x}, ") + "}\n" + head + run) ==
        "`services` has 33 entries; at most 32 are allowed");
  CHECK(said("parameters: {" + numbered(51, "p", ": {type: int}, ") + "}\n" + head + run) ==
        "`parameters` has 51 entries; at most 50 are allowed");
  CHECK(said("on: push\njobs: {" + numbered(257, "j", ": {image: x, run: x}, ") + "}\n") ==
        "the file has more than 256 jobs");
  CHECK(said(std::string(megabyte + 1, '\n')) == "the file has 1048577 bytes; at most 1048576 are read");
}
