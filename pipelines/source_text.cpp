#include "pipelines/source_text.hpp"

#include <algorithm>

namespace slipway::pipelines {
namespace {
unsigned char byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

bool continues(unsigned char c) {
  return (c & 0xC0U) == 0x80;
}

/// Bytes of the well-formed, readable character at `at`; 0 if there is none. RFC 3629, section 4.
std::size_t character_length(std::string_view text, std::size_t at) {
  const unsigned char first = byte_at(text, at);
  const unsigned char second = byte_at(text, at + 1);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !continues(second)) return 0;
  if (first == 0xC2 && second < 0xA0) return 0;  // C1: some terminals take U+009B for an escape sequence
  if (first < 0xE0) return 2;
  const bool too_short = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F;
  const bool too_high = first == 0xF4 && second > 0x8F;
  if (too_short || surrogate || too_high || !continues(byte_at(text, at + 2))) return 0;
  if (first < 0xF0) return 3;
  return continues(byte_at(text, at + 3)) ? 4 : 0;
}
}  // namespace

SourceText::SourceText(std::string_view text) : text_(text), starts_{0} {
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1)) {
    starts_.push_back(end + 1);
  }
}

Position SourceText::position_of(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
  const std::size_t line = static_cast<std::size_t>(after - starts_.begin()) - 1;
  const bool further = last_.line == static_cast<int>(line) + 1 && last_offset_ <= offset;
  Position position = further ? last_ : Position{static_cast<int>(line) + 1, 1};
  for (std::size_t at = further ? last_offset_ : starts_[line]; at < offset; ++at) {
    if (!continues(byte_at(text_, at))) ++position.column;
  }
  last_offset_ = offset;
  last_ = position;
  return position;
}

std::size_t SourceText::offset_of(std::size_t line_number, std::size_t byte_column) const {
  if (line_number >= starts_.size()) return text_.size();
  return std::min(starts_[line_number] + byte_column, starts_[line_number] + line(line_number).size());
}

std::size_t SourceText::offset_of(Position at) const {
  const auto line_number = static_cast<std::size_t>(std::max(at.line, 1) - 1);
  std::size_t offset = offset_of(line_number, 0);
  const std::size_t end = offset_of(line_number, text_.size());
  for (int column = 1; column < at.column && offset < end; ++column) {
    do ++offset;
    while (offset < end && continues(byte_at(text_, offset)));
  }
  return offset;
}

std::string_view SourceText::line(std::size_t number) const {
  if (number >= starts_.size()) return {};
  std::string_view found = text_.substr(starts_[number]);
  found = found.substr(0, found.find('\n'));
  if (found.ends_with('\r')) found.remove_suffix(1);
  return found;
}

std::optional<std::size_t> find_unreadable(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const unsigned char c = byte_at(text, at);
    const bool control = (c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f;
    const std::size_t length = control ? 0 : character_length(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t good = find_unreadable(text).value_or(text.size());
    out += text.substr(0, good);
    if (good < text.size()) out += '?';
    text.remove_prefix(std::min(text.size(), good + 1));
  }
  std::replace_if(out.begin(), out.end(), [](char c) { return c == '\t' || c == '\r' || c == '\n'; }, ' ');
  return out;
}

}  // namespace slipway::pipelines
