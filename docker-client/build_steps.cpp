#include "docker-client/build_steps.hpp"

#include <algorithm>

namespace slipway::docker {
namespace {

constexpr std::size_t step_limit = 10'000;
constexpr std::size_t name_limit = 4'096;
constexpr std::size_t line_limit = 64 << 10;
constexpr std::size_t line_cost = 1'024;  // of a turn, besides its bytes
constexpr std::size_t tail_lines = 20;
constexpr std::size_t tail_line_limit = 1'024;
constexpr std::size_t tails_kept = 16;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

BuildSteps::Step* BuildSteps::find(std::size_t number) {
  return number == 0 || number > steps_.size() ? nullptr : &steps_[number - 1];
}

BuildEvent BuildSteps::event(BuildEvent::Kind kind, std::size_t number) const {
  BuildEvent event;
  event.kind = kind;
  event.step = number;
  if (number > 0) event.name = steps_[number - 1].name;
  return event;
}

void BuildSteps::tell(const BuildEvent& event) const {
  if (sink_) sink_(event);
}

std::size_t BuildSteps::add(std::string name, bool instruction) {
  if (steps_.size() == step_limit) return 0;
  if (name.size() > name_limit) name.resize(name_limit);
  std::replace_if(name.begin(), name.end(), is_control, ' ');
  Step& step = steps_.emplace_back();
  step.name = std::move(name);
  step.instruction = instruction;
  if (instruction) ++instructions_;
  return steps_.size();
}

void BuildSteps::start(std::size_t number) {
  catch_up();
  Step* step = find(number);
  if (!step || step->started) return;
  step->started = true;
  tell(event(BuildEvent::Kind::started, number));
}

void BuildSteps::output(std::size_t number, LogStream stream, std::string_view text) {
  if (!find(number)) return;
  const std::size_t told = held_.empty() ? tell_output(number, stream, text) : 0;
  if (told < text.size()) held_.push_back({number, stream, std::string(text.substr(told)), 0});
}

/// How many bytes of it the turn had room for.
std::size_t BuildSteps::tell_output(std::size_t number, LogStream stream, std::string_view text) {
  const std::size_t all = text.size();
  std::string& line = find(number)->open_line[stream == LogStream::err ? 1 : 0];
  while (!text.empty() && room_ > 0) {
    const std::size_t newline = text.find('\n');
    const std::size_t size = std::min({newline, line_limit - line.size(), text.size()});
    line += text.substr(0, size);
    text.remove_prefix(size);
    const bool ends = newline == size;
    if (ends) text.remove_prefix(1);
    if (!ends && line.size() < line_limit) continue;
    room_ -= std::min(room_, line.size() + line_cost);
    emit_line(number, stream);
  }
  return all - text.size();
}

bool BuildSteps::go_on() {
  room_ = turn_bytes;
  if (held_.empty()) return false;
  while (!held_.empty() && room_ > 0) {
    Held& first = held_.front();
    first.told += tell_output(first.step, first.stream, std::string_view(first.text).substr(first.told));
    if (first.told == first.text.size()) held_.pop_front();
  }
  return true;
}

/// What is told next must not come before what was written.
void BuildSteps::catch_up() {
  while (!held_.empty()) go_on();
}

void BuildSteps::emit_line(std::size_t number, LogStream stream) {
  std::string line = std::exchange(find(number)->open_line[stream == LogStream::err ? 1 : 0], {});
  if (!line.empty() && line.back() == '\r') line.pop_back();
  BuildEvent output = event(BuildEvent::Kind::output, number);
  output.stream = stream;
  output.text = line;
  tell(output);
  keep_tail(number, std::move(line));
}

void BuildSteps::emit_open_lines(std::size_t number) {
  const Step* step = find(number);
  if (!step->open_line[0].empty()) emit_line(number, LogStream::out);
  if (!step->open_line[1].empty()) emit_line(number, LogStream::err);
}

void BuildSteps::keep_tail(std::size_t number, std::string line) {
  if (writers_.empty() || writers_.back() != number) {
    writers_.erase(std::remove(writers_.begin(), writers_.end(), number), writers_.end());
    writers_.push_back(number);
  }
  if (writers_.size() > tails_kept) {
    find(writers_.front())->tail.clear();
    writers_.pop_front();
  }
  auto& tail = find(number)->tail;
  if (line.size() > tail_line_limit) line.resize(tail_line_limit);
  tail.push_back(std::move(line));
  if (tail.size() > tail_lines) tail.pop_front();
}

void BuildSteps::finish(std::size_t number, BuildEvent::Outcome outcome, Milliseconds duration, std::string error) {
  catch_up();
  Step* step = find(number);
  const bool failed = outcome == BuildEvent::Outcome::failed;
  if (!step || (step->outcome && (!failed || step->outcome == outcome))) return;
  emit_open_lines(number);
  if (!step->outcome && step->instruction && outcome == BuildEvent::Outcome::cached) ++cached_;
  if (failed && failed_ == 0) failed_ = number;
  step->outcome = outcome;
  step->error = error;
  BuildEvent finished = event(BuildEvent::Kind::finished, number);
  finished.outcome = outcome;
  finished.duration = duration;
  finished.text = std::move(error);
  tell(finished);
}

void BuildSteps::transfer(std::size_t number, std::string what, Bytes bytes) {
  catch_up();
  if (!find(number)) return;
  BuildEvent transfer = event(BuildEvent::Kind::transfer, number);
  transfer.text = std::move(what);
  transfer.bytes = bytes;
  tell(transfer);
}

void BuildSteps::warn(std::size_t number, std::string text) {
  catch_up();
  BuildEvent warning = event(BuildEvent::Kind::warning, find(number) ? number : 0);
  warning.text = std::move(text);
  tell(warning);
}

void BuildSteps::end() {
  catch_up();
  for (std::size_t number = 1; number <= steps_.size(); ++number) emit_open_lines(number);
}

std::optional<BuildSteps::Failure> BuildSteps::failure() const {
  if (failed_ == 0) return std::nullopt;
  const Step& step = steps_[failed_ - 1];
  Failure failure{step.name, step.error, {}, step.instruction};
  for (const std::string& line : step.tail) failure.last_lines += line + '\n';
  return failure;
}

}  // namespace slipway::docker
