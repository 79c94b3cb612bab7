// Logs, attach and exec: what containers write, byte by byte.
#include "tests/integration/docker-client/container_fixture.hpp"

using namespace slipway;
using namespace slipway::docker;
using namespace std::chrono_literals;

namespace {

LogsRequest follow() {
  LogsRequest what;
  what.follow = true;
  return what;
}

}  // namespace

TEST_CASE("a followed log holds what was written before and after, and ends with the container", "[shared]") {
  Bench bench;
  ContainerSpec spec = bench.spec("echo one; read x; echo two");
  spec.open_stdin = true;
  const std::string asking = bench.start(spec);
  auto logs = bench.engine.run(bench.engine->containers().logs(asking, follow()));
  REQUIRE(logs);
  std::string frames;
  while (frames.find("one\n") == std::string::npos) {
    const auto piece = bench.engine.run(within(10s, logs->next()));
    REQUIRE(piece);
    frames += *piece;
  }
  AttachRequest in;
  in.in = true;
  in.out = in.err = false;
  auto attached = bench.engine.run(bench.engine->containers().attach(asking, in));
  REQUIRE(attached);
  REQUIRE(bench.engine.run(attached->write("go\n")));
  frames += bench.read_all(std::move(*logs));
  CHECK(Bench::text_of(frames, LogStream::out) == "one\ntwo\n");
}

TEST_CASE("an unterminated last line is in a plain read of the log (moby#43860)", "[shared]") {
  Bench bench;
  const std::string id = bench.create("printf 'whole\\npart'");
  auto logs = bench.engine.run(bench.engine->containers().logs(id, follow()));
  REQUIRE(logs);
  REQUIRE(bench.engine.run(bench.engine->containers().start(id)));
  const std::string followed = Bench::text_of(bench.read_all(std::move(*logs)), LogStream::out);
  CHECK(std::string("whole\npart").starts_with(followed));
  REQUIRE(bench.engine.run(bench.engine->containers().wait(id)));
  CHECK(bench.output_of(id) == "whole\npart");
}

TEST_CASE("logs can be cut by time, tail and stream", "[shared]") {
  Bench bench;
  const std::string id = bench.finish("for i in 1 2 3 4 5; do echo $i; echo e$i >&2; done");
  auto& containers = bench.engine->containers();
  LogsRequest what;
  what.tail = 2;
  auto tail = bench.engine.run(containers.logs(bench.finish("seq 5"), what));
  REQUIRE(tail);
  CHECK(Bench::text_of(bench.read_all(std::move(*tail)), LogStream::out) == "4\n5\n");

  what = {};
  what.out = false;
  what.timestamps = true;
  auto stamped = bench.engine.run(containers.logs(id, what));
  REQUIRE(stamped);
  const std::string text = Bench::text_of(bench.read_all(std::move(*stamped)), LogStream::err);
  CHECK(text.size() == 5 * std::string("2026-11-25T01:02:03.123456789Z e1\n").size());

  what = {};
  what.since = "4000000000.000000001";
  auto none = bench.engine.run(containers.logs(id, what));
  REQUIRE(none);
  CHECK(bench.read_all(std::move(*none)).empty());
}

TEST_CASE("a megabyte in one line comes through byte by byte", "[shared]") {
  Bench bench;
  const std::string id = bench.finish("head -c 1048576 /dev/zero | tr '\\000' x; echo end");
  const bool same = bench.output_of(id) == std::string(1 << 20, 'x') + "end\n";
  CHECK(same);
}

TEST_CASE("attach gives every byte as written, the json-file log replaces what is no UTF-8", "[shared]") {
  Bench bench;
  const std::string id = bench.create("printf 'a\\377\\000\\303\\274\\n'");
  auto stream = bench.engine.run(bench.engine->containers().attach(id));
  REQUIRE(stream);
  REQUIRE(bench.engine.run(bench.engine->containers().start(id)));
  const std::string attached = Bench::text_of(bench.read_all(*stream), LogStream::out);
  CHECK(attached == std::string("a\xff\0\xc3\xbc\n", 6));
  REQUIRE(bench.engine.run(bench.engine->containers().wait(id)));
  const std::string logged = bench.output_of(id);
  CHECK(logged == std::string("a\xef\xbf\xbd\0\xc3\xbc\n", 8));
}

TEST_CASE("input goes in by attach, half-close ends it, output comes back", "[shared]") {
  Bench bench;
  ContainerSpec spec = bench.spec("cat; echo done");
  spec.open_stdin = spec.stdin_once = true;
  const std::string id = bench.create(spec);
  AttachRequest what;
  what.in = true;
  auto stream = bench.engine.run(bench.engine->containers().attach(id, what));
  REQUIRE(stream);
  REQUIRE(bench.engine.run(bench.engine->containers().start(id)));
  REQUIRE(bench.engine.run(stream->write("hello\n")));
  REQUIRE(bench.engine.run(stream->finish_writing()));
  CHECK(Bench::text_of(bench.read_all(*stream), LogStream::out) == "hello\ndone\n");
  const auto exit = bench.engine.run(bench.engine->containers().wait(id));
  CHECK(exit->exit_code == 0);
}

TEST_CASE("an attach ends when its container ends (bollard #251, #254)", "[shared]") {
  Bench bench;
  const std::string id = bench.create("echo bye");
  auto stream = bench.engine.run(bench.engine->containers().attach(id));
  REQUIRE(stream);
  REQUIRE(bench.engine.run(bench.engine->containers().start(id)));
  CHECK(Bench::text_of(bench.read_all(*stream), LogStream::out) == "bye\n");
}

TEST_CASE("a prompt without a newline is seen at once (bollard #297)", "[shared]") {
  Bench bench;
  ContainerSpec spec = bench.spec("printf 'name? '; read x");
  spec.open_stdin = true;
  const std::string id = bench.create(spec);
  auto stream = bench.engine.run(bench.engine->containers().attach(id));
  REQUIRE(stream);
  REQUIRE(bench.engine.run(bench.engine->containers().start(id)));
  const auto prompt = bench.engine.run(within(10s, stream->read()));
  REQUIRE(prompt);
  CHECK(Bench::text_of(*prompt, LogStream::out) == "name? ");
}

TEST_CASE("an attach that nobody reads blocks the container, and only until it is dropped", "[shared]") {
  Bench bench;
  const std::string id = bench.create("head -c 4000000 /dev/zero; echo through >&2");
  std::optional<HijackedStream> unread;
  {
    auto stream = bench.engine.run(bench.engine->containers().attach(id));
    REQUIRE(stream);
    unread.emplace(std::move(*stream));
  }
  auto wait = bench.engine.run(bench.engine->containers().begin_wait(id));
  REQUIRE(wait);
  REQUIRE(bench.engine.run(bench.engine->containers().start(id)));
  const auto blocked = bench.engine.run(within(1s, bench.engine->containers().wait(id)));
  REQUIRE_FALSE(blocked);
  CHECK(blocked.error().kind == Error::Kind::timeout);
  unread.reset();
  const auto exit = bench.engine.run(within(30s, wait->result()));
  REQUIRE(exit);
  CHECK(exit->exit_code == 0);
}

TEST_CASE("a container with a tty gives plain bytes, and memory stays bounded (bollard #805)", "[shared]") {
  Bench bench;
  ContainerSpec spec = bench.spec("echo hello; head -c 3000000 /dev/zero");
  spec.tty = true;
  const std::string id = bench.create(spec);
  auto stream = bench.engine.run(bench.engine->containers().attach(id));
  REQUIRE(stream);
  REQUIRE(bench.engine.run(bench.engine->containers().start(id)));
  std::size_t total = 0, longest = 0;
  std::string first;
  for (;;) {
    const auto piece = bench.engine.run(within(30s, stream->read()));
    REQUIRE(piece);
    if (piece->empty()) break;
    if (first.size() < 7) first += *piece;
    total += piece->size();
    longest = std::max(longest, piece->size());
  }
  CHECK(first.substr(0, 7) == "hello\r\n");
  CHECK(total == 3'000'007);
  CHECK(longest <= 64 << 10);
  CHECK(bench.inspect(id).config.tty);
}

TEST_CASE("logs and attach of an unknown container are not found", "[shared]") {
  Bench bench;
  const auto logs = bench.engine.run(bench.engine->containers().logs("slipway-test-no-such"));
  REQUIRE_FALSE(logs);
  CHECK(logs.error().kind == Error::Kind::not_found);
  const auto attached = bench.engine.run(bench.engine->containers().attach("slipway-test-no-such"));
  REQUIRE_FALSE(attached);
  CHECK(attached.error().kind == Error::Kind::not_found);
}

TEST_CASE("exec gives output and exit code, also of a program that ends at once (testcontainers-go#3766)", "[shared]") {
  Bench bench;
  const std::string id = bench.start("sleep 1000");
  for (int i = 0; i < 10; ++i) {
    ExecSpec spec({"sh", "-c", "echo $A; pwd; echo err >&2; exit 3"});
    spec.env = {"A=b"};
    spec.workdir = "/tmp";
    const auto outcome = bench.engine.run(within(20s, bench.engine->exec().run(id, spec)));
    REQUIRE(outcome);
    CHECK(outcome->exit_code == 3);
    CHECK(outcome->output.find("b\n") != std::string::npos);
    CHECK(outcome->output.find("/tmp\n") != std::string::npos);
    CHECK(outcome->output.find("err\n") != std::string::npos);
  }
}

TEST_CASE("exec keeps output to its limit and says so", "[shared]") {
  Bench bench;
  const std::string id = bench.start("sleep 1000");
  ExecSpec spec({"head", "-c", "200000", "/dev/zero"});
  const auto outcome = bench.engine.run(within(20s, bench.engine->exec().run(id, spec, 1000)));
  REQUIRE(outcome);
  CHECK(outcome->output.size() == 1000);
  CHECK(outcome->truncated);
  CHECK(outcome->exit_code == 0);
}

TEST_CASE("exec takes input and half-close", "[shared]") {
  Bench bench;
  const std::string id = bench.start("sleep 1000");
  ExecSpec spec({"cat"});
  spec.in = true;
  const auto exec = bench.engine.run(bench.engine->exec().create(id, spec));
  REQUIRE(exec);
  auto stream = bench.engine.run(bench.engine->exec().start(*exec));
  REQUIRE(stream);
  REQUIRE(bench.engine.run(stream->write("through")));
  REQUIRE(bench.engine.run(stream->finish_writing()));
  CHECK(Bench::text_of(bench.read_all(*stream), LogStream::out) == "through");
}

TEST_CASE("exec of what does not exist, or in what does not run, says so", "[shared]") {
  Bench bench;
  const std::string id = bench.start("sleep 1000");
  ExecSpec spec({"/no/such/program"});
  const auto outcome = bench.engine.run(within(20s, bench.engine->exec().run(id, spec)));
  if (outcome)
    CHECK((outcome->exit_code == 126 || outcome->exit_code == 127));
  else
    CHECK(outcome.error().kind == Error::Kind::invalid);
  const std::string ended = bench.finish("true");
  const auto refused = bench.engine.run(bench.engine->exec().create(ended, spec));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::conflict);
  const auto unknown = bench.engine.run(bench.engine->exec().create("slipway-test-no-such", spec));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().kind == Error::Kind::not_found);
}
