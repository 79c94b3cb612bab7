#include <ctime>

#include <boost/beast/http/status.hpp>

#include "orchestrator/http/connection.hpp"

namespace slipway::http {
namespace {

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

}  // namespace

std::string response_head(const Response& response, std::string_view request_id, bool keep_alive) {
  const auto status = static_cast<boost::beast::http::status>(response.status);
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head += std::string(boost::beast::http::obsolete_reason(status));
  const auto add = [&](std::string_view name, std::string_view value) {
    head.append("\r\n").append(name).append(": ").append(value);
  };
  add("Date", http_date());
  add("X-Request-Id", request_id);
  add("X-Content-Type-Options", "nosniff");
  add("Cache-Control", "no-store");
  add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  add("Referrer-Policy", "no-referrer");
  for (const auto& [name, value] : response.headers) add(name, value);
  if (response.status != 204) add("Content-Type", response.content_type);
  if (response.stream) {
    add("Transfer-Encoding", "chunked");
    add("X-Accel-Buffering", "no");  // nginx would hold a stream back
  } else if (response.status != 204) {
    add("Content-Length", std::to_string(response.body.size()));
  }
  add("Connection", keep_alive ? "keep-alive" : "close");
  head += "\r\n\r\n";
  return head;
}

}  // namespace slipway::http
