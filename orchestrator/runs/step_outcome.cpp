#include "orchestrator/runs/step_outcome.hpp"

#include <array>

namespace slipway::runs {
namespace {

/// Empty for those that are rarely met.
std::string_view signal_name(int number) {
  constexpr std::array<std::pair<int, std::string_view>, 8> kNames = {{{1, "SIGHUP"},
                                                                       {2, "SIGINT"},
                                                                       {4, "SIGILL"},
                                                                       {6, "SIGABRT"},
                                                                       {8, "SIGFPE"},
                                                                       {9, "SIGKILL"},
                                                                       {11, "SIGSEGV"},
                                                                       {15, "SIGTERM"}}};
  for (const auto& [value, name] : kNames) {
    if (value == number) return name;
  }
  return {};
}

std::string signal_text(int number) {
  const std::string_view name = signal_name(number);
  return name.empty() ? "signal " + std::to_string(number) : std::string(name);
}

/// What an engine that stops, or comes back after a crash, leaves behind in its containers.
bool may_be_the_engines(int code) {
  return code == 137 || code == 143 || code == 255;
}

}  // namespace

std::string exit_code_text(int code) {
  std::string text = "exit code " + std::to_string(code);
  const std::string_view name = code > 128 ? signal_name(code - 128) : std::string_view();
  if (!name.empty()) text += " (" + std::string(name) + ")";
  if (code == 127) text += " (command not found)";
  if (code == 126) text += " (command can't be executed)";
  return text;
}

std::string journal_text(const Outcome& outcome) {
  if (outcome.verdict == Verdict::passed) return {};
  return std::string(name_of(outcome.verdict)) + ": " + outcome.reason;
}

Outcome outcome_from_journal(std::string_view text) {
  if (text.empty()) return {};
  for (const Verdict verdict : {Verdict::failed, Verdict::interrupted, Verdict::cancelled}) {
    const std::string start = std::string(name_of(verdict)) + ": ";
    if (text.starts_with(start)) return {verdict, std::string(text.substr(start.size()))};
  }
  const std::string start = std::string(name_of(Verdict::error)) + ": ";
  return {Verdict::error, std::string(text.starts_with(start) ? text.substr(start.size()) : text)};
}

Outcome outcome_of(const docker::ContainerState& state, const StepCircumstances& circumstances) {
  if (circumstances.over_log_limit) return {Verdict::failed, "the log is over its limit"};
  if (circumstances.log_gap) return {Verdict::failed, "the log came faster than it could be kept"};
  if (state.oom_killed) {
    const auto megabytes = circumstances.memory_limit >> 20;
    return {Verdict::failed, "out of memory" +
                                 (megabytes > 0 ? " (limit " + std::to_string(megabytes) + " MiB)" : std::string()) +
                                 ", " + exit_code_text(state.exit_code)};
  }
  if (!circumstances.stop_reason.empty()) return {Verdict::failed, circumstances.stop_reason};
  const std::string code = exit_code_text(state.exit_code);
  const bool engines_code = circumstances.engine_went_away && may_be_the_engines(state.exit_code);
  if (circumstances.engine_ended_it || engines_code) {
    return {Verdict::interrupted, "the engine went away while it ran (" + code + ")"};
  }
  if (circumstances.signal) {
    return {Verdict::interrupted, "it was sent " + signal_text(*circumstances.signal) + " from outside (" + code + ")"};
  }
  if (state.exit_code == 0) return {};
  return {Verdict::failed, code};
}

}  // namespace slipway::runs
