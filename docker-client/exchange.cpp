#include "docker-client/exchange.hpp"

#include <cstring>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <fmt/format.h>

namespace slipway::docker {
namespace {
constexpr std::size_t buffer_bytes = 64 << 10;
}

/// What the reading of an answer shares with the sending of its body.
struct Exchange::Wire : std::enable_shared_from_this<Wire> {
  Wire(std::shared_ptr<ByteStream> bytes, const Executor& executor, Duration longest)
      : stream(std::move(bytes)), watchdog(executor), patience(longest) {}

  /// Closes the connection unless disarmed or armed anew within `patience`.
  void arm() {
    watchdog.expires_after(patience);
    watchdog.async_wait([weak = weak_from_this()](boost::system::error_code) {
      const auto wire = weak.lock();
      // The expiry tells more than the code: a timer that was disarmed just after it fired still reports success.
      if (!wire || wire->watchdog.expiry() > std::chrono::steady_clock::now()) return;
      wire->timed_out = true;
      wire->stream->close();
    });
  }
  void disarm() { watchdog.expires_at(std::chrono::steady_clock::time_point::max()); }

  std::shared_ptr<ByteStream> stream;
  asio::steady_timer watchdog;
  Duration patience;
  bool timed_out = false;
  bool head_read = false;
  bool uploading = false;
  asio::cancellation_signal stop;
  std::optional<Error> upload_error;
};

Exchange::Exchange(ConnectionPool::Lease lease, Duration patience)
    : lease_(std::move(lease)),
      wire_(std::make_shared<Wire>(lease_->stream(), lease_->pool().executor(), patience)),
      buffer_(std::make_unique_for_overwrite<char[]>(buffer_bytes)),
      reused_(lease_->reused()) {}

Exchange::~Exchange() {
  if (!wire_) return;
  wire_->disarm();
  wire_->stop.emit(asio::cancellation_type::terminal);
}

awaitable<Result<void>> Exchange::send(std::string head, std::string body, std::unique_ptr<ByteSource> source) {
  wire_->arm();
  const ByteStream::Parts parts{head, body};
  Result<void> sent = co_await wire_->stream->write(parts);
  if (!sent) co_return fail(explain(std::move(sent.error())));
  if (source) start_upload(std::move(source));
  co_return Result<void>();
}

void Exchange::start_upload(std::unique_ptr<ByteSource> source) {
  wire_->uploading = true;
  auto done = [wire = wire_](std::exception_ptr escaped) {
    wire->uploading = false;
    if (!escaped) return;
    // Stopped, or a source that throws: either way the Engine must not take what it has for the whole.
    wire->upload_error = Error(Error::Kind::cancelled, "sending the body was stopped");
    wire->stream->close();
  };
  asio::co_spawn(lease_->pool().executor(), upload(wire_, std::move(source)),
                 asio::bind_cancellation_slot(wire_->stop.slot(), std::move(done)));
}

awaitable<void> Exchange::upload(std::shared_ptr<Wire> wire, std::unique_ptr<ByteSource> source) {
  for (bool more = true; more;) {
    wire->disarm();  // how long the source takes is its own matter
    Result<std::string> piece = co_await source->next();
    if (!piece) {
      wire->upload_error = piece.error();
      wire->stream->close();
      co_return;
    }
    more = !piece->empty();
    const std::string size = fmt::format("{:x}\r\n", piece->size());
    const ByteStream::Parts parts{size, *piece, "\r\n"};
    wire->arm();
    Result<void> sent = co_await wire->stream->write(parts);
    if (!sent) co_return;  // an Engine that refuses a body closes; its answer says why, and the watchdog still runs
  }
  if (wire->head_read) wire->disarm();
}

awaitable<Result<std::size_t>> Exchange::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  if (end_ == buffer_bytes) co_return fail(Error::Kind::protocol, "a header of the answer is too long");
  const std::span<char> space(buffer_.get() + end_, buffer_bytes - end_);
  Result<std::size_t> count = co_await wire_->stream->read_some(space);
  if (!count) co_return fail(explain(std::move(count.error())));
  end_ += *count;
  received_ = received_ || *count > 0;
  co_return count;
}

awaitable<Result<void>> Exchange::read_head(bool answers_head) {
  std::string none;
  parser_ = std::make_unique<ResponseParser>(answers_head);
  for (;;) {
    Result<std::size_t> used = parser_->put({buffer_.get() + begin_, end_ - begin_}, none);
    if (!used) co_return fail(std::move(used.error()));
    begin_ += *used;
    if (parser_->head_done()) {
      if (status() >= 200 || status() == 101) break;
      parser_ = std::make_unique<ResponseParser>(answers_head);
      continue;
    }
    Result<std::size_t> count = co_await fill();
    if (!count) co_return fail(std::move(count.error()));
    if (*count == 0)
      co_return fail(explain(Error(Error::Kind::unavailable, "the engine closed the connection and answered nothing")));
  }
  wire_->head_read = true;
  if (!wire_->uploading) wire_->disarm();
  if (parser_->done() && status() != 101) finish();
  co_return Result<void>();
}

awaitable<Result<std::string>> Exchange::read_body(bool patient) {
  std::string piece;
  while (wire_ && !parser_->done()) {
    if (begin_ < end_) {
      Result<std::size_t> used = parser_->put({buffer_.get() + begin_, end_ - begin_}, piece);
      if (!used) co_return fail(std::move(used.error()));
      begin_ += *used;
      if (parser_->done() || !piece.empty()) break;
    }
    if (!patient) wire_->arm();
    Result<std::size_t> count = co_await fill();
    if (!patient) wire_->disarm();
    if (!count) co_return fail(std::move(count.error()));
    if (*count > 0) continue;
    Result<void> complete = parser_->put_end();
    if (!complete) co_return fail(explain(std::move(complete.error())));
  }
  if (parser_->done()) finish();
  co_return piece;
}

void Exchange::finish() {
  if (!wire_) return;
  const bool reusable = parser_->keep_alive() && !wire_->uploading && begin_ == end_;
  wire_->disarm();
  if (wire_->uploading) wire_->stop.emit(asio::cancellation_type::terminal);
  wire_.reset();
  if (reusable) lease_->keep();
  lease_.reset();
}

awaitable<Result<std::string>> Exchange::read_raw() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    Result<std::size_t> count = co_await fill();
    if (!count) co_return fail(std::move(count.error()));
  }
  std::string bytes(buffer_.get() + begin_, end_ - begin_);
  begin_ = end_ = 0;
  co_return bytes;
}

awaitable<Result<void>> Exchange::write_raw(std::string bytes) {
  const ByteStream::Parts parts{bytes};
  co_return co_await wire_->stream->write(parts);
}

awaitable<Result<void>> Exchange::finish_writing() {
  return wire_->stream->finish_writing();
}

void Exchange::close() {
  if (wire_) wire_->stream->close();
}

bool Exchange::found_stale() const {
  return reused_ && !received_ && wire_ && !wire_->timed_out && !wire_->upload_error;
}

/// The cause behind a failed read or write, where something else knows it better.
Error Exchange::explain(Error error) {
  if (wire_->upload_error) return std::move(*wire_->upload_error).in("sending the body");
  if (wire_->timed_out) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(wire_->patience).count();
    return Error(Error::Kind::timeout, fmt::format("the engine did not answer within {} ms", ms));
  }
  if (error.kind != Error::Kind::cancelled) lease_->pool().note_loss();
  const std::string words = wire_->stream->last_words();
  if (words.empty()) return error;
  const bool refused = words.find("Permission denied") != std::string::npos ||
                       words.find("Host key verification failed") != std::string::npos;
  return Error(refused ? Error::Kind::unauthorized : error.kind, words.starts_with("ssh: ") ? words : "ssh: " + words);
}

}  // namespace slipway::docker
