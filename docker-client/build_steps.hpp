#pragma once
#include <array>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "docker-client/progress.hpp"

namespace slipway::docker {

/// The steps of one build, however its builder reports them: tells the sink what happens, counts, and keeps the end of
/// each step's output for the error of a build that fails. A step is named by its number, from 1; 0 is the build
/// itself. Bounded: 10 000 steps, lines of 64 KiB (longer ones come in parts), 20 lines kept of the last steps that
/// wrote. What steps write is told in turns of 1 MiB, each line counted as 1 KiB more: whoever asks for the next turn
/// may let others have the thread before. Everything else that is told waits for no turn and makes up for those before.
class BuildSteps {
 public:
  explicit BuildSteps(BuildEventSink sink) : sink_(std::move(sink)) {}

  /// `instruction`: a line of the Dockerfile, which counts, and no internal step. Over the bound: 0.
  std::size_t add(std::string name, bool instruction);
  /// Starting twice, or after the end, is nothing new.
  void start(std::size_t number);
  /// What the step's program wrote, cut anywhere. Over the turn's bound it is held back.
  void output(std::size_t number, LogStream stream, std::string_view text);
  /// A new turn: tells of what was held back as much as fits. False if there was nothing.
  bool go_on();
  [[nodiscard]] bool holds_back() const { return !held_.empty(); }
  /// The first end counts, except that a step that had ended well may still turn out to have failed.
  void finish(std::size_t number, BuildEvent::Outcome outcome, Milliseconds duration, std::string error);
  void transfer(std::size_t number, std::string what, Bytes bytes);
  void warn(std::size_t number, std::string text);
  /// No more comes: unterminated lines do.
  void end();

  [[nodiscard]] std::size_t instructions() const { return instructions_; }
  [[nodiscard]] std::size_t cached() const { return cached_; }

  struct Failure {
    std::string name;
    std::string error;
    std::string last_lines;  ///< each with its newline
    bool instruction = false;
  };
  /// The first step that failed.
  [[nodiscard]] std::optional<Failure> failure() const;

 private:
  static constexpr std::size_t turn_bytes = 1 << 20;
  struct Step {
    std::string name;
    bool instruction = false;
    bool started = false;
    std::optional<BuildEvent::Outcome> outcome;
    std::string error;
    std::array<std::string, 2> open_line;  // stdout, stderr
    std::deque<std::string> tail;
  };
  struct Held {
    std::size_t step = 0;
    LogStream stream = LogStream::out;
    std::string text;
    std::size_t told = 0;  // bytes
  };
  Step* find(std::size_t number);
  std::size_t tell_output(std::size_t number, LogStream stream, std::string_view text);
  void catch_up();
  BuildEvent event(BuildEvent::Kind kind, std::size_t number) const;
  void tell(const BuildEvent& event) const;
  void emit_line(std::size_t number, LogStream stream);
  void emit_open_lines(std::size_t number);
  void keep_tail(std::size_t number, std::string line);

  BuildEventSink sink_;
  std::vector<Step> steps_;
  std::deque<std::size_t> writers_;  // the last steps that wrote, oldest first: those whose tails are kept
  std::size_t instructions_ = 0;
  std::size_t cached_ = 0;
  std::size_t failed_ = 0;
  std::deque<Held> held_;
  std::size_t room_ = turn_bytes;  // of the turn
};

}  // namespace slipway::docker
