#include <fstream>

#include <catch2/catch.hpp>

#include "images/base_images.hpp"
#include "tests/support/run_async.hpp"
#include "tests/unit/images/tree.hpp"

namespace slipway::images {
namespace {

constexpr std::uint64_t kGigabyte = 1ULL << 30;

/// The process's highest memory use so far, in KiB, since `forget_peak`.
long peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
  }
  throw std::runtime_error("no VmHWM");
}

void forget_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

awaitable<std::uint64_t> read_through(Pool& pool, ContextSpec spec) {
  Result<BuildContext> context = co_await open_context(pool, std::move(spec));
  REQUIRE(context);
  std::uint64_t total = 0;
  for (;;) {
    const Result<std::string> piece = co_await context->tar->next();
    REQUIRE(piece);
    if (piece->empty()) co_return total;
    CHECK(piece->size() < (300 << 10));
    total += piece->size();
  }
}

awaitable<bool> read_one_piece(Pool& pool, ContextSpec spec) {
  Result<BuildContext> context = co_await open_context(pool, std::move(spec));
  REQUIRE(context);
  const Result<std::string> piece = co_await context->tar->next();
  co_return piece && context->summary->digest.empty();
}

}  // namespace

TEST_CASE("a context of a gigabyte goes through a few megabytes of memory") {
  const Tree tree;
  tree.file("Dockerfile");
  tree.file("big");
  std::filesystem::resize_file(tree.at("big"), kGigabyte);
  Pool pool(1);
  forget_peak();
  const long before = peak_kib();
  CHECK(run_async(read_through(pool, ContextSpec(tree.path()))) > kGigabyte);
  CHECK(peak_kib() - before < 8 << 10);
}

TEST_CASE("a Dockerfile of megabytes does not become hundreds of them, whatever is in it") {
  std::string values = "ARG B=" + std::string(16'000, 'b') + "\nARG";
  for (int i = 0; i < 50'000; ++i) values += " a" + std::to_string(i) + "=$B";
  std::string mounts = "FROM a\nRUN --mount=type=bind";
  for (int i = 0; i < 300'000; ++i) mounts += ",from=b" + std::to_string(i);
  std::string flags = "FROM a\nONBUILD COPY";
  for (int i = 0; i < 600'000; ++i) flags += " --x=y";
  flags += " --from=hidden /x /x";
  std::string controls;
  for (int i = 0; i < 2'000'000; ++i) controls += "\x01\n";
  for (const std::string& text : {values + "\nFROM a", mounts, flags, controls}) {
    CAPTURE(text.substr(0, 30));
    forget_peak();
    const long before = peak_kib();
    CHECK_FALSE(base_images(text, {}).unclear.empty());
    CHECK(peak_kib() - before < 200 << 10);
  }
}

TEST_CASE("a reader that goes away leaves nothing running") {
  const Tree tree;
  tree.file("Dockerfile");
  tree.file("big");
  std::filesystem::resize_file(tree.at("big"), kGigabyte);
  Pool pool(1);
  CHECK(run_async(read_one_piece(pool, ContextSpec(tree.path()))));  // returns once all that was started has ended
}

}  // namespace slipway::images
