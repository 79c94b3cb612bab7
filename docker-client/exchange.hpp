#pragma once
#include <memory>
#include <optional>
#include <string>

#include "docker-client/connection_pool.hpp"
#include "docker-client/http_head.hpp"

namespace slipway::docker {

/// One request and its answer on one leased connection. Destroying it before the answer has ended closes the connection
/// and stops the sending of the body.
class Exchange {
 public:
  Exchange(ConnectionPool::Lease lease, Duration patience);
  Exchange(const Exchange&) = delete;
  ~Exchange();

  /// Sends head and body; of a source only the beginning, the rest goes on beside the reading.
  awaitable<Result<void>> send(std::string head, std::string body, std::unique_ptr<ByteSource> source);
  /// The headers; interim answers are skipped.
  awaitable<Result<void>> read_head(bool answers_head);
  /// The next piece of the body; empty at its end. With `patient` it may take for ever.
  awaitable<Result<std::string>> read_body(bool patient);

  /// After an upgrade: bytes past HTTP.
  awaitable<Result<std::string>> read_raw();
  awaitable<Result<void>> write_raw(std::string bytes);
  awaitable<Result<void>> finish_writing();
  void close();

  [[nodiscard]] int status() const { return parser_->status(); }
  [[nodiscard]] const Headers& headers() const { return parser_->headers(); }
  /// True if the failure just met is that of a kept connection which the Engine had closed: nothing came back.
  [[nodiscard]] bool found_stale() const;

 private:
  struct Wire;
  static awaitable<void> upload(std::shared_ptr<Wire> wire, std::unique_ptr<ByteSource> source);
  void start_upload(std::unique_ptr<ByteSource> source);
  awaitable<Result<std::size_t>> fill();
  Error explain(Error error);
  void finish();

  std::optional<ConnectionPool::Lease> lease_;
  std::shared_ptr<Wire> wire_;
  std::unique_ptr<ResponseParser> parser_;
  std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  bool reused_ = false, received_ = false;
};

}  // namespace slipway::docker
