// testdata/bad/*.cases: files with mistakes, and everything that is said of each.
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "pipelines/lint.hpp"
#include "tests/unit/pipelines/golden.hpp"

using namespace slipway::pipelines;
using namespace slipway::pipelines::test;

namespace {
std::vector<std::string> said_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const Diagnostic& one : lint(text).diagnostics.sorted()) {
    const bool error = one.severity == Diagnostic::Severity::error;
    lines.push_back(fmt::format("{}:{}: {}: {}{}{}", one.line, one.column, error ? "error" : "warning", one.message,
                                one.help.empty() ? "" : " -- ", one.help));
  }
  return lines;
}
}  // namespace

TEST_CASE("every mistake is reported with its line, its column and the fix, all of a file at once") {
  std::size_t count = 0;
  for (const auto& path : files_in(testdata / "bad", ".cases")) {
    std::vector<BadFile> files = read_cases(path);
    for (BadFile& file : files) {
      ++count;
      CAPTURE(path.string(), file.name);
      file.expected = said_of(file.text);
      CHECK_FALSE(file.expected.empty());
    }
    check_golden(path, write_cases(files));
  }
  CHECK(count >= 200);
}

TEST_CASE("no two cases of a file have the same name") {
  for (const auto& path : files_in(testdata / "bad", ".cases")) {
    std::set<std::string> names;
    CAPTURE(path.string());
    for (const BadFile& file : read_cases(path)) CHECK(names.insert(file.name).second);
  }
}

TEST_CASE("a position is inside of the file, or just behind its end") {
  for (const auto& path : files_in(testdata / "bad", ".cases")) {
    for (const BadFile& file : read_cases(path)) {
      const auto lines = 1 + std::count(file.text.begin(), file.text.end(), '\n');
      for (const Diagnostic& one : lint(file.text).diagnostics.sorted()) {
        CAPTURE(path.string(), file.name, one.message);
        CHECK(one.line >= 1);
        CHECK(one.line <= lines);
        CHECK(one.column >= 1);
      }
    }
  }
}
