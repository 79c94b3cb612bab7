#include "docker-client/build_answer.hpp"

#include <catch2/catch.hpp>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "tests/unit/docker-client/recorded.hpp"

using namespace slipway;
using namespace slipway::docker;

namespace {

struct Replay {
  std::vector<BuildEvent> events;
  std::optional<Result<BuildOutcome>> result;

  explicit Replay(const std::string& answer, std::size_t chunk = 1000) {
    BuildAnswer reader([this](const BuildEvent& event) { events.push_back(event); });
    for (std::size_t at = 0; at < answer.size(); at += chunk) REQUIRE(reader.feed(answer.substr(at, chunk)));
    result.emplace(reader.finish());
  }

  std::vector<std::string> lines(std::string_view step) const {
    std::vector<std::string> lines;
    for (const BuildEvent& event : events) {
      if (event.kind != BuildEvent::Kind::output || event.name.find(step) == std::string::npos) continue;
      lines.push_back((event.stream == LogStream::err ? "err: " : "out: ") + event.text);
    }
    return lines;
  }

  std::size_t count(BuildEvent::Kind kind, std::string_view step) const {
    return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), [&](const BuildEvent& event) {
      return event.kind == kind && event.name.find(step) != std::string::npos;
    }));
  }

  const BuildEvent& finished(std::string_view step) const {
    const auto found = std::find_if(events.begin(), events.end(), [&](const BuildEvent& event) {
      return event.kind == BuildEvent::Kind::finished && event.name.find(step) != std::string::npos;
    });
    REQUIRE(found != events.end());
    return *found;
  }
};

using Texts = std::vector<std::string>;

/// A field of a protobuf message; all of these are shorter than 16 KiB.
std::string proto(unsigned number, const std::string& bytes) {
  const auto size = bytes.size();
  std::string head{static_cast<char>(number << 3 | 2)};
  if (size >= 128) head += static_cast<char>(size % 128 | 128);
  head += static_cast<char>(size >= 128 ? size / 128 : size);
  return head + bytes;
}

std::string traced(const std::string& message) {
  return "{\"id\":\"moby.buildkit.trace\",\"aux\":\"" + to_base64(message) + "\"}\r\n";
}

}  // namespace

TEST_CASE("a BuildKit build gives the image's id, its steps and what they wrote") {
  const Replay build(recorded_lines("buildkit"));
  REQUIRE(*build.result);
  const BuildOutcome& outcome = **build.result;
  CHECK(outcome.image_id == "sha256:d58e5c23facf3c9a15ba493f4cffd0d04d1d9b1d8849e363b098b89211634bce");
  CHECK(outcome.builder == Builder::buildkit);
  CHECK(outcome.steps == 4);
  CHECK(outcome.cached_steps == 0);
  CHECK(build.lines("RUN echo") == Texts{"err: oops", "out: hello-2", "out: unterminated"});
  CHECK(build.lines("RUN cat") == Texts{"out: aaa"});
  CHECK(build.finished("RUN echo").duration == Milliseconds(159));
}

TEST_CASE("a RUN that writes very many short lines at once does not end its build") {
  const std::string vertex = proto(1, "sha256:a") + proto(3, "[2/2] RUN many");
  std::string trace = proto(1, vertex);
  for (int i = 0; i < 200'000; ++i) trace += proto(3, proto(1, "sha256:a") + proto(4, "x\n"));
  trace += proto(1, vertex);
  const Replay build(traced(trace) + "{\"id\":\"moby.image.id\",\"aux\":{\"ID\":\"sha256:b\"}}\r\n", 100'000);
  REQUIRE(*build.result);
  CHECK((*build.result)->image_id == "sha256:b");
  CHECK(build.lines("RUN many").size() == 200'000);
}

TEST_CASE("one turn tells about a thousand lines at most, however many come at once, by both builders") {
  constexpr std::size_t lines_at_once = 16'000;
  const bool buildkit = GENERATE(true, false);
  std::string report;
  if (buildkit) {
    const std::string lines = proto(3, proto(1, "sha256:a") + proto(4, std::string(lines_at_once, '\n')));
    report = traced(proto(1, proto(1, "sha256:a") + proto(3, "[1/1] RUN many")) + lines + lines);
  } else {
    std::string lines;
    for (std::size_t i = 0; i < 2 * lines_at_once; ++i) lines += "x\\n";
    report = "{\"stream\":\"Step 1/1 : RUN many\"}\r\n{\"stream\":\"" + lines + "\"}\r\n";
  }
  std::size_t told = 0;
  BuildAnswer answer([&](const BuildEvent& event) { told += event.kind == BuildEvent::Kind::output ? 1 : 0; });
  answer.take(report);
  std::size_t most = 0;
  for (bool more = true; more;) {
    const std::size_t before = told;
    const Result<bool> gone_on = answer.go_on();
    REQUIRE(gone_on);
    more = *gone_on;
    most = std::max(most, told - before);
  }
  CHECK(told == 2 * lines_at_once);
  CHECK(most <= 1'100);
}

TEST_CASE("a report that is too long to take is left out with one warning, and the build goes on") {
  const std::string vertex = proto(1, "sha256:a") + proto(3, "[2/2] RUN much");
  const std::string too_long = "{\"id\":\"moby.buildkit.trace\",\"aux\":\"" + std::string(65 << 20, 'A') + "\"}\r\n";
  const std::string log = proto(3, proto(1, "sha256:a") + proto(4, "after\n"));
  const Replay build(traced(proto(1, vertex)) + too_long + too_long + traced(log) +
                         "{\"id\":\"moby.image.id\",\"aux\":{\"ID\":\"sha256:b\"}}\r\n",
                     1 << 20);
  REQUIRE(*build.result);
  CHECK(build.lines("RUN much") == Texts{"out: after"});
  CHECK(build.count(BuildEvent::Kind::warning, "") == 1);
}

TEST_CASE("a vertex that is sent again and completes twice starts and finishes once") {
  const Replay build(recorded_lines("buildkit"));
  for (const auto step : {"FROM", "RUN echo", "COPY", "load remote build context", "exporting"}) {
    CHECK(build.count(BuildEvent::Kind::started, step) == 1);
    CHECK(build.count(BuildEvent::Kind::finished, step) == 1);
  }
}

TEST_CASE("a second BuildKit build tells its cache hits") {
  const Replay build(recorded_lines("buildkit_cached"));
  REQUIRE(*build.result);
  CHECK((*build.result)->steps == 4);
  CHECK((*build.result)->cached_steps == 3);
  CHECK(build.finished("RUN echo").outcome == BuildEvent::Outcome::cached);
  CHECK(build.finished("FROM").outcome == BuildEvent::Outcome::completed);
}

TEST_CASE("a classic build of several stages gives the last image") {
  const Replay build(recorded_lines("classic"));
  REQUIRE(*build.result);
  CHECK((*build.result)->image_id == "sha256:a161c286a2bc245f12fb712ac3bfd39a78ed24760c2013395717ef3dbf369291");
  CHECK((*build.result)->builder == Builder::classic);
  CHECK((*build.result)->steps == 7);
  CHECK((*build.result)->cached_steps == 0);
  CHECK(build.lines("RUN echo") == Texts{"out: hello-1", "err: oops", "out: unterminated"});
  CHECK(build.count(BuildEvent::Kind::output, "") == 4);
}

TEST_CASE("a second classic build tells its cache hits") {
  const Replay build(recorded_lines("classic_cached"));
  REQUIRE(*build.result);
  CHECK((*build.result)->cached_steps == 5);
  CHECK(build.finished("[7/7] RUN cat").outcome == BuildEvent::Outcome::cached);
}

TEST_CASE("any way of cutting a build's answer gives the same events") {
  for (const auto name : {"buildkit", "classic", "buildkit_run_fails"}) {
    const std::string answer = recorded_lines(name);
    const Replay whole(answer, answer.size());
    for (const std::size_t chunk : {1, 2, 3, 7, 64, 4096}) {
      const Replay cut(answer, chunk);
      CHECK(cut.events.size() == whole.events.size());
      CHECK(cut.lines("") == whole.lines(""));
      CHECK(cut.result->has_value() == whole.result->has_value());
    }
  }
}

TEST_CASE("a failing RUN is named with its exit code and last lines, by both builders") {
  for (const auto name : {"buildkit_run_fails", "classic_run_fails"}) {
    const Replay build(recorded_lines(name));
    REQUIRE_FALSE(*build.result);
    const Error& error = build.result->error();
    CHECK(error.kind == Error::Kind::failed);
    CHECK(error.message.find("step [2/2] RUN echo one") == 0);
    CHECK(error.message.find("code: 3") != std::string::npos);
    CHECK(error.hint == "the step's last lines:\none\ntwo\n");
    CHECK(build.finished("RUN").outcome == BuildEvent::Outcome::failed);
  }
}

TEST_CASE("a COPY of what is missing names the step and the file") {
  const Replay build(recorded_lines("buildkit_copy_fails"));
  REQUIRE_FALSE(*build.result);
  CHECK(build.result->error().kind == Error::Kind::failed);
  CHECK(build.result->error().message ==
        "step [2/2] COPY missing.txt /: failed to compute cache key: \"/missing.txt\" not found: not found");
}

TEST_CASE("a base image's registry that can't be reached is unavailable and no mistake of the Dockerfile") {
  for (const auto name : {"buildkit_unknown_base", "classic_unknown_base"}) {
    const Replay build(recorded_lines(name));
    REQUIRE_FALSE(*build.result);
    CHECK(build.result->error().kind == Error::Kind::unavailable);
    CHECK(build.result->error().message.find("nosuch.invalid") != std::string::npos);
  }
}

TEST_CASE("from API 1.48 on a failure is told by errorDetail alone") {
  const Replay build(recorded_lines("build_fails_api_1.48"));
  REQUIRE_FALSE(*build.result);
  const Error& error = build.result->error();
  CHECK(error.kind == Error::Kind::failed);
  CHECK(error.message ==
        "step [2/2] RUN make test: process \"/bin/sh -c make test\" did not complete successfully: exit code: 2");
  CHECK(error.hint == "the step's last lines:\n1 test ran\nFAIL: adds two numbers\nexpected 4\n");
  CHECK(build.finished("RUN").duration == Milliseconds(1'500));
  CHECK(build.count(BuildEvent::Kind::warning, "RUN make test") == 1);
}

TEST_CASE("before API 1.48 an error without a detail means failure, too") {
  const Replay build("{\"stream\":\"Step 1/1 : FROM x\"}\n{\"error\":\"no such image\"}\n");
  REQUIRE_FALSE(*build.result);
  CHECK(build.result->error().message.find("no such image") != std::string::npos);
}

TEST_CASE("a build whose report ends early was interrupted, even after the image of a stage") {
  for (const auto name : {"buildkit", "classic"}) {
    const std::string answer = recorded_lines(name);
    const std::size_t image =
        std::string(name) == "classic" ? answer.find("Successfully built") : answer.find("moby.image.id");
    for (std::size_t end = 0; end < image; end = answer.find('\n', end) + 1) {
      const Replay build(answer.substr(0, end));
      REQUIRE_FALSE(*build.result);
      CHECK(build.result->error().kind == Error::Kind::unavailable);
      CHECK(build.result->error().message.find("interrupted") != std::string::npos);
    }
  }
}

TEST_CASE("a failure that was reported stands when the connection breaks after it") {
  BuildAnswer answer({});
  REQUIRE(answer.feed(recorded_lines("buildkit_run_fails")));
  const auto result = answer.cut_off(Error(Error::Kind::unavailable, "connection reset"));
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Error::Kind::failed);
}

TEST_CASE("words that a RUN prints do not change the kind of its failure") {
  const Replay build(
      "{\"stream\":\"Step 1/2 : FROM a\"}{\"stream\":\"\\n\"}{\"stream\":\"Step 2/2 : RUN curl x\"}"
      "{\"errorDetail\":{\"message\":\"connection refused\"}}");
  REQUIRE_FALSE(*build.result);
  CHECK(build.result->error().kind == Error::Kind::failed);
}

TEST_CASE("a trace that can't be decoded is a protocol error") {
  BuildAnswer answer({});
  const auto fed = answer.feed("{\"id\":\"moby.buildkit.trace\",\"aux\":\"//8=\"}");
  REQUIRE_FALSE(fed);
  CHECK(fed.error().kind == Error::Kind::protocol);
}

TEST_CASE("recorded answers of API 1.45 are read alike") {
  const Replay build(recorded_lines("buildkit_api_1.45"));
  REQUIRE(*build.result);
  CHECK((*build.result)->image_id == "sha256:297b98fa1e3926a10ff73914ab661b881f3bc66e79d99d43012487ae9ed3281d");
  CHECK((*build.result)->steps == 3);
  CHECK(build.lines("RUN echo") == Texts{"out: hello", "err: careful"});
  const Replay failing(recorded_lines("buildkit_run_fails_api_1.45"));
  REQUIRE_FALSE(*failing.result);
  CHECK(failing.result->error().kind == Error::Kind::failed);
  CHECK(
      failing.result->error().message ==
      "step [stage-1 1/1] RUN echo one; exit 3: process \"/bin/sh -c echo one; exit 3\" did not complete successfully: "
      "exit code: 3");
  CHECK(failing.result->error().hint == "the step's last lines:\none\n");
}
