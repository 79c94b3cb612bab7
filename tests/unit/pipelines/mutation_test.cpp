// Thousands of files that are nearly right, the same on every run.
#include "tests/fuzz/pipelines/mutation.hpp"

#include <catch2/catch.hpp>

#include "pipelines/pipeline.hpp"
#include "tests/fuzz/pipelines/pipeline_invariants.hpp"
#include "tests/unit/pipelines/golden.hpp"

using namespace slipway::pipelines;
using namespace slipway::pipelines::test;

namespace {
std::vector<std::string> seeds() {
  std::vector<std::string> texts;
  // Many of each good file: most mutations should get behind the parser.
  for (const auto& path : files_in(testdata / "good", ".yml")) texts.insert(texts.end(), 100, read_file(path));
  for (const auto& path : files_in(testdata / "bad", ".cases")) {
    for (BadFile& file : read_cases(path)) texts.push_back(std::move(file.text));
  }
  return texts;
}
}  // namespace

TEST_CASE("no mutation of a file breaks what the headers promise") {
  Mutator mutator(seeds(), 20261125);
  std::size_t valid = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string text = mutator.next();
    const std::string broken = broken_invariant(text);
    if (!broken.empty()) FAIL(broken << " in\n" << text);
    valid += parse_pipeline(text).pipeline ? 1 : 0;
  }
  // The series is worth something only if it reaches behind the parser.
  CHECK(valid > 100);
}
