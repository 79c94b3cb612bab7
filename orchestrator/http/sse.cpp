#include "orchestrator/http/sse.hpp"

#include <charconv>

namespace slipway::http {

std::string sse_event(std::string_view id, std::string_view event, std::string_view data) {
  std::string out;
  if (!id.empty()) out.append("id: ").append(id).append("\n");
  out.append("event: ").append(event).append("\ndata: ").append(data).append("\n\n");
  return out;
}

std::string sse_comment() {
  return ": still here\n\n";
}

Result<std::optional<std::int64_t>> resume_point(const Request& request, std::string_view name) {
  std::string text(request.header("last-event-id"));
  if (text.empty()) text = request.argument(name).value_or("");
  if (text.empty()) return std::optional<std::int64_t>();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= 0) return std::optional(value);
  return fail(Error::Kind::invalid, "Last-Event-ID or " + std::string(name) + " is no number that this stream gave");
}

Response stream_response(std::unique_ptr<Stream> stream, std::string content_type) {
  Response response;
  response.content_type = std::move(content_type);
  response.stream = std::move(stream);
  return response;
}

}  // namespace slipway::http
