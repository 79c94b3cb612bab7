#include <catch2/catch.hpp>

#include "base/ids.hpp"
#include "docker-client/engine.hpp"
#include "docker-client/log_frames.hpp"
#include "docker-client/log_lines.hpp"
#include "tests/support/real_engine.hpp"

using namespace slipway;
using namespace slipway::docker;

namespace {

struct Output {
  std::string out, err;
  std::vector<LogLine> lines;
};

/// Runs `script` in a container of its own to its end and reads what it wrote.
awaitable<Result<Output>> output_of(Engine& engine, std::string script, LogsRequest what, bool tty) {
  ContainerSpec spec("busybox:latest");
  spec.name = "slipway-test-logs-" + random_hex(6);
  spec.command = std::vector<std::string>{"sh", "-c", script};
  spec.tty = tty;
  spec.network_disabled = true;
  spec.labels = {{"slipway-test.logs", spec.name}};
  const std::string name = spec.name;
  Result<Containers::Created> created = co_await engine.containers().create(std::move(spec));
  if (!created) co_return fail(std::move(created.error()));
  Result<void> started = co_await engine.containers().start(name);
  if (!started) co_return fail(std::move(started.error()));
  Result<ContainerExit> exit = co_await engine.containers().wait(name);
  if (!exit) co_return fail(std::move(exit.error()));
  Result<ApiVersion> version = co_await engine.transport().version();
  const bool timestamps = what.timestamps;
  Result<ResponseStream> stream = co_await engine.containers().logs(name, std::move(what));
  if (!stream || !version) co_return fail(Error::Kind::failed, "no logs");
  const bool says_format = *version >= ApiVersion{1, 42};
  LogDemultiplexer demultiplexer(log_format(stream->header("content-type"), says_format, tty));
  LineAssembler assembler(timestamps);
  Output output;
  for (bool more = true; more;) {
    Result<std::string> chunk = co_await stream->next();
    if (!chunk) co_return fail(std::move(chunk.error()));
    more = !chunk->empty();
    demultiplexer.feed(*chunk);
    while (true) {
      Result<std::optional<LogFrame>> frame = demultiplexer.next();
      if (!frame) co_return fail(std::move(frame.error()));
      if (!*frame) break;
      ((*frame)->stream == LogStream::err ? output.err : output.out) += (*frame)->payload;
      assembler.add(**frame);
    }
  }
  if (demultiplexer.inside_frame()) co_return fail(Error::Kind::protocol, "the log ends inside a frame");
  assembler.finish();
  while (auto line = assembler.next()) output.lines.push_back(std::move(*line));
  RemoveContainer how;
  how.force = true;
  Result<void> removed = co_await engine.containers().remove(name, how);
  if (!removed) co_return fail(std::move(removed.error()));
  co_return output;
}

}  // namespace

TEST_CASE("both streams of a container come apart, and a last line without a newline comes, too", "[engine][shared]") {
  RealEngine engine;
  const auto output = engine.run(
      output_of(*engine, "echo one; echo two; printf 'careful\\n' >&2; printf 'the end'", LogsRequest(), false));
  REQUIRE(output);
  CHECK(output->out == "one\ntwo\nthe end");
  CHECK(output->err == "careful\n");
  REQUIRE(output->lines.size() == 4);
  CHECK(output->lines.back().text == "the end");
  CHECK_FALSE(output->lines.back().ends);
}

TEST_CASE("a line of 100 000 bytes comes as one, with one timestamp", "[engine][shared]") {
  RealEngine engine;
  LogsRequest what;
  what.timestamps = true;
  const auto output =
      engine.run(output_of(*engine, "head -c 100000 /dev/zero | tr '\\0' x; echo; echo next", what, false));
  REQUIRE(output);
  REQUIRE(output->lines.size() == 2);
  CHECK(output->lines[0].text == std::string(100'000, 'x'));
  CHECK(output->lines[0].ends);
  CHECK(output->lines[0].time.size() == 30);
  CHECK(output->lines[1].text == "next");
  CHECK(output->lines[1].time >= output->lines[0].time);
}

TEST_CASE("the output of a tty is one raw stream", "[engine][shared]") {
  RealEngine engine;
  const auto output = engine.run(output_of(*engine, "echo one; echo two >&2; printf '> '", LogsRequest(), true));
  REQUIRE(output);
  CHECK(output->out == "one\r\ntwo\r\n> ");
  CHECK(output->err.empty());
}
