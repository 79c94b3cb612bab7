#include "orchestrator/logs/transcriber.hpp"

namespace slipway::logs {
namespace {

std::string_view take_time(std::string_view& payload) {
  const auto space = payload.find(' ');
  // A time stamp is 30 bytes; anything else is a driver that adds none, whose text is taken as it is.
  if (space == std::string_view::npos || space < 20 || space > 40 || payload[10] != 'T') return "-";
  const std::string_view time = payload.substr(0, space);
  payload.remove_prefix(space + 1);
  return time;
}

}  // namespace

Transcriber::Transcriber(const MaskPatterns& patterns, std::uint64_t limit)
    : lines_{Line(patterns), Line(patterns)}, limit_(limit) {}

void Transcriber::frame(Stream stream, std::string_view payload) {
  Line& line = lines_[stream == Stream::err ? 1 : 0];
  line.time = take_time(payload);
  content_bytes_ += payload.size();
  hash_.update(payload);
  while (!payload.empty() && !over_limit_) {
    const auto newline = payload.find('\n');
    const bool ends_line = newline != std::string_view::npos;
    std::string text = line.masker.feed(payload.substr(0, newline));
    if (ends_line) text += line.masker.end_line();
    if (ends_line || !text.empty()) emit(line.time, stream, ends_line, text);
    payload.remove_prefix(ends_line ? newline + 1 : payload.size());
  }
}

void Transcriber::end() {
  for (const Stream stream : {Stream::out, Stream::err}) {
    Line& line = lines_[stream == Stream::err ? 1 : 0];
    const std::string text = line.masker.end_line();
    if (!text.empty()) emit(line.time, stream, false, text);
  }
}

void Transcriber::emit(std::string_view time, Stream stream, bool ends_line, std::string_view text) {
  if (over_limit_) return;
  const std::size_t before = records_.size();
  append_record(records_, time, stream, ends_line, text);
  const std::size_t added = records_.size() - before;
  if (made_ + added > limit_) {
    records_.resize(before);
    over_limit_ = true;
    append_record(records_, time, Stream::slipway, true,
                  "the log is over its limit of " + std::to_string(limit_) + " bytes: the step is stopped");
    return;
  }
  made_ += added;
}

}  // namespace slipway::logs
