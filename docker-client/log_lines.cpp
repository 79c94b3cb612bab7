#include "docker-client/log_lines.hpp"

namespace slipway::docker {
namespace {

constexpr std::size_t longest_timestamp = 40;

/// The timestamp in front of a payload; empty if there is none.
std::string_view leading_time(std::string_view payload) {
  const std::size_t space = payload.substr(0, longest_timestamp).find(' ');
  if (space == std::string_view::npos || space < 20 || payload[4] != '-' || payload[10] != 'T') return {};
  return payload.substr(0, space);
}

}  // namespace

void LineAssembler::add(const LogFrame& frame) {
  std::string_view rest = frame.payload;
  Open& line = open_[static_cast<std::size_t>(frame.stream)];
  while (!rest.empty()) {
    if (timestamps_) {
      const std::string_view time = leading_time(rest);
      if (!line.begun) line.time = time;
      if (!time.empty()) rest.remove_prefix(time.size() + 1);
    }
    line.begun = true;
    const std::size_t newline = rest.find('\n');
    append(line, frame.stream, rest.substr(0, newline));
    if (newline == std::string_view::npos) return;
    emit(line, frame.stream, true);
    rest.remove_prefix(newline + 1);
  }
}

void LineAssembler::append(Open& line, LogStream stream, std::string_view text) {
  while (line.text.size() + text.size() > line_limit_) {
    const std::size_t room = line_limit_ - line.text.size();
    line.text += text.substr(0, room);
    text.remove_prefix(room);
    const std::string time = line.time;
    emit(line, stream, false);
    line.time = time;
    line.begun = true;
  }
  line.text += text;
}

void LineAssembler::emit(Open& line, LogStream stream, bool ends) {
  lines_.push_back(LogLine{stream, std::move(line.time), std::move(line.text), ends});
  line = Open{};
}

void LineAssembler::finish() {
  for (const LogStream stream : {LogStream::in, LogStream::out, LogStream::err}) {
    Open& line = open_[static_cast<std::size_t>(stream)];
    if (line.begun) emit(line, stream, false);
  }
}

std::optional<LogLine> LineAssembler::next() {
  if (lines_.empty()) return std::nullopt;
  LogLine line = std::move(lines_.front());
  lines_.pop_front();
  return line;
}

}  // namespace slipway::docker
