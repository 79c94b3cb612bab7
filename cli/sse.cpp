#include "cli/sse.hpp"

namespace slipway::cli {
namespace {
constexpr std::size_t max_event = 4 << 20;
}

bool SseParser::feed(std::string_view bytes) {
  rest_.append(bytes);
  std::size_t start = 0;
  for (std::size_t end; (end = rest_.find('\n', start)) != std::string::npos; start = end + 1) {
    std::string_view text(rest_.data() + start, end - start);
    if (text.ends_with('\r')) text.remove_suffix(1);
    line(text);
  }
  rest_.erase(0, start);
  return rest_.size() <= max_event && event_.data.size() <= max_event;
}

void SseParser::line(std::string_view text) {
  if (text.empty()) {
    if (has_data_) on_event_(event_);
    event_.name.clear();
    event_.data.clear();
    has_data_ = false;
    return;
  }
  const auto colon = text.find(':');
  const std::string_view field = text.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "id") event_.id = value;
  if (field == "event") event_.name = value;
  if (field != "data") return;
  if (has_data_) event_.data += '\n';
  event_.data += value;
  has_data_ = true;
}

}  // namespace slipway::cli
