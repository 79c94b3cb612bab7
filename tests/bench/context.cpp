// bench_context FOLDER: sends FOLDER to the engine as the context of a build, as slipway does. Prints the milliseconds
// it took and by how many KiB the process grew meanwhile.
#include "images/context.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <boost/asio/io_context.hpp>

#include "base/ids.hpp"
#include "docker-client/engine.hpp"

namespace {

using namespace slipway;

long peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
  }
  return 0;
}

awaitable<Result<docker::BuildOutcome>> build(docker::Engine& engine, Pool& pool, std::string folder) {
  Result<images::BuildContext> context = co_await images::open_context(pool, images::ContextSpec(folder));
  if (!context) co_return fail(context.error());
  docker::BuildSpec spec;
  spec.id = "slipway-bench-" + random_hex(6);
  spec.builder = docker::Builder::classic;
  spec.labels = {{"slipway-bench", "1"}};
  spec.dockerfile = context->dockerfile;
  co_return co_await engine.builds().build(std::move(spec), std::move(context->tar));
}

awaitable<void> measure(docker::Engine& engine, Pool& pool, std::string folder, int& code) {
  const Result<docker::ApiVersion> version = co_await engine.transport().version();
  const long before = peak_kib();
  const auto start = std::chrono::steady_clock::now();
  const Result<docker::BuildOutcome> outcome = co_await build(engine, pool, std::move(folder));
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  code = version && outcome ? 0 : 1;
  if (!outcome) std::fprintf(stderr, "%s\n", outcome.error().message.c_str());
  std::printf("%.1f %ld\n", took.count(), peak_kib() - before);
}

}  // namespace

int main(int argc, char** argv) {
  const char* given = std::getenv("SLIPWAY_TEST_ENGINE");
  const auto endpoint = docker::parse_endpoint(given ? given : "unix:///var/run/docker.sock");
  if (argc != 2 || !endpoint) return 2;
  asio::io_context io;
  Pool pool(1);
  docker::Engine engine(io.get_executor(), *endpoint);
  int code = 1;
  spawn(io.get_executor(), "bench", measure(engine, pool, argv[1], code));
  io.run();
  return code;
}
