#include "orchestrator/runs/step_outcome.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::runs;

namespace {

docker::ContainerState ended(int code, bool oom = false) {
  docker::ContainerState state;
  state.exit_code = code;
  state.oom_killed = oom;
  return state;
}

}  // namespace

TEST_CASE("a container's end becomes a verdict") {
  struct Case {
    docker::ContainerState state;
    StepCircumstances circumstances;
    Verdict verdict;
    std::string reason;
  };
  StepCircumstances plain, over_limit, gap, outage, lost, signalled, stopped, small;
  over_limit.over_log_limit = true;
  gap.log_gap = true;
  outage.engine_went_away = true;
  lost.engine_ended_it = true;
  signalled.signal = 15;
  stopped.stop_reason = "timeout";
  stopped.signal = 15;
  small.memory_limit = 64 << 20;
  const auto c = GENERATE_COPY(values<Case>({
      {ended(0), plain, Verdict::passed, ""},
      {ended(3), plain, Verdict::failed, "exit code 3"},
      {ended(127), plain, Verdict::failed, "exit code 127 (command not found)"},
      {ended(137), plain, Verdict::failed, "exit code 137 (SIGKILL)"},
      {ended(137, true), small, Verdict::failed, "out of memory (limit 64 MiB), exit code 137 (SIGKILL)"},
      {ended(1, true), plain, Verdict::failed, "out of memory, exit code 1"},
      {ended(0, true), plain, Verdict::failed, "out of memory, exit code 0"},
      {ended(0), outage, Verdict::passed, ""},
      {ended(137), outage, Verdict::interrupted, "the engine went away while it ran (exit code 137 (SIGKILL))"},
      {ended(143), outage, Verdict::interrupted, "the engine went away while it ran (exit code 143 (SIGTERM))"},
      {ended(255), outage, Verdict::interrupted, "the engine went away while it ran (exit code 255)"},
      {ended(1), outage, Verdict::failed, "exit code 1"},
      {ended(137, true), outage, Verdict::failed, "out of memory, exit code 137 (SIGKILL)"},
      {ended(143), stopped, Verdict::failed, "timeout"},
      {ended(0), stopped, Verdict::failed, "timeout"},
      {ended(0), lost, Verdict::interrupted, "the engine went away while it ran (exit code 0)"},
      {ended(1), lost, Verdict::interrupted, "the engine went away while it ran (exit code 1)"},
      {ended(0), signalled, Verdict::interrupted, "it was sent SIGTERM from outside (exit code 0)"},
      {ended(137, true), signalled, Verdict::failed, "out of memory, exit code 137 (SIGKILL)"},
      {ended(0), over_limit, Verdict::failed, "the log is over its limit"},
      {ended(0), gap, Verdict::failed, "the log came faster than it could be kept"},
  }));
  CAPTURE(c.state.exit_code, c.reason);
  const Outcome outcome = outcome_of(c.state, c.circumstances);
  CHECK(outcome.verdict == c.verdict);
  CHECK(outcome.reason == c.reason);
}

TEST_CASE("an outcome survives the journal") {
  for (const Verdict verdict :
       {Verdict::passed, Verdict::failed, Verdict::error, Verdict::interrupted, Verdict::cancelled}) {
    const Outcome outcome{verdict, verdict == Verdict::passed ? "" : "step 'a': because: of this"};
    const Outcome read = outcome_from_journal(journal_text(outcome));
    CHECK(read.verdict == outcome.verdict);
    CHECK(read.reason == outcome.reason);
  }
  CHECK(outcome_from_journal("something older").verdict == Verdict::error);
}
