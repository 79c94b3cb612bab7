#include "orchestrator/logs/record.hpp"

#include <array>

namespace slipway::logs {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"stdout", "stderr", "slipway"};

std::optional<Stream> stream_named(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Stream>(i);
  }
  return std::nullopt;
}

/// The text up to the next space, which is dropped; an empty view if there is no space.
std::string_view take_word(std::string_view& line) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return {};
  const std::string_view word = line.substr(0, space);
  line.remove_prefix(space + 1);
  return word;
}

Record parse(std::string_view line) {
  std::string_view rest = line;
  const std::string_view time = take_word(rest);
  const auto stream = stream_named(take_word(rest));
  const std::string_view tag = take_word(rest);
  if (!stream || (tag != "F" && tag != "P")) return {"", Stream::slipway, true, std::string(line)};
  return {std::string(time), *stream, tag == "F", std::string(rest)};
}

}  // namespace

std::string_view name_of(Stream stream) {
  return kNames[static_cast<std::size_t>(stream)];
}

void append_record(std::string& to, std::string_view time, Stream stream, bool ends_line, std::string_view text) {
  to.append(time).append(" ").append(name_of(stream)).append(ends_line ? " F " : " P ").append(text).append("\n");
}

std::optional<Record> take_record(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return parse(line);
}

}  // namespace slipway::logs
