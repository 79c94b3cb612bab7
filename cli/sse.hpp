#pragma once
#include <functional>
#include <string>
#include <string_view>

namespace slipway::cli {

struct SseEvent {
  std::string id, name, data;
};

/// Parser of a server-sent event stream (WHATWG HTML, 9.2) that arrives in pieces.
class SseParser {
 public:
  explicit SseParser(std::function<void(const SseEvent&)> on_event) : on_event_(std::move(on_event)) {}
  /// False once a single event is over 4 MiB.
  bool feed(std::string_view bytes);

 private:
  void line(std::string_view text);

  std::function<void(const SseEvent&)> on_event_;
  std::string rest_;
  SseEvent event_;
  bool has_data_ = false;
};

}  // namespace slipway::cli
