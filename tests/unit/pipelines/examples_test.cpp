// examples/: what a newcomer runs first, and copies.
#include <filesystem>

#include <catch2/catch.hpp>

#include "pipelines/lint.hpp"
#include "tests/unit/pipelines/golden.hpp"

using namespace slipway;
using namespace slipway::pipelines;

TEST_CASE("nothing is said of the pipeline of an example, neither as it is nor with the demo's registry in it") {
  std::size_t count = 0;
  for (const auto& example : std::filesystem::directory_iterator("examples")) {
    const auto path = example.path() / "slipway.yml";
    if (!std::filesystem::exists(path)) continue;
    ++count;
    std::string text = test::read_file(path);
    CHECK(render(lint(text).diagnostics, text).empty());
    const std::string placeholder = "REGISTRY";
    if (const auto at = text.find(placeholder); at != std::string::npos) {
      text.replace(at, placeholder.size(), "198.51.100.1:5000");
    }
    CHECK(render(lint(text).diagnostics, text).empty());
  }
  CHECK(count >= 1);
}
