#pragma once
#include <memory>
#include <span>
#include <string>

#include "docker-client/message.hpp"

namespace slipway::docker {

/// Request line and headers; the target is `prefix` ("/v1.41" or nothing), path and encoded query. A line break
/// anywhere, or a space in the path, is Kind::invalid.
Result<std::string> request_head(const Request& request, std::string_view prefix, std::string_view host);

/// Takes an HTTP/1.1 answer apart as its bytes come.
class ResponseParser {
 public:
  explicit ResponseParser(bool answers_head);
  ~ResponseParser();

  /// Reads from `bytes` and says how many were used up; the rest comes again, with more behind it. Stops behind the
  /// headers once. Body bytes are appended to `body`.
  Result<std::size_t> put(std::span<const char> bytes, std::string& body);
  /// The peer ended the connection: Kind::unavailable unless that is how this body ends.
  Result<void> put_end();

  [[nodiscard]] bool head_done() const;
  [[nodiscard]] bool done() const;
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] int status() const;
  [[nodiscard]] const Headers& headers() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::docker
