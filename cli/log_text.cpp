#include "cli/log_text.hpp"

#include "cli/output.hpp"

namespace slipway::cli {

std::string LogText::add(std::string_view bytes) {
  pending_ += bytes;
  const auto end = pending_.size() > longest ? whole_characters(pending_) : pending_.rfind('\n') + 1;
  std::string text = harmless_log(std::string_view(pending_).substr(0, end));
  pending_.erase(0, end);
  return text;
}

std::string LogText::finish() {
  return harmless_log(std::exchange(pending_, {}));
}

}  // namespace slipway::cli
