#include "docker-client/connection_pool.hpp"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>

#include "docker-client/dial.hpp"

namespace slipway::docker {
namespace {

constexpr std::size_t default_connections = 1024, default_ssh_connections = 32;

}  // namespace

ConnectionPool::Lease::~Lease() {
  if (!stream_) return;
  stream_->close();
  pool_->leave();
}

void ConnectionPool::Lease::keep() {
  std::shared_ptr<ByteStream> stream = std::exchange(stream_, nullptr);
  pool_->leave();
  if (pool_->idle_.size() >= pool_->options_.idle_connections) return stream->close();
  pool_->idle_.push_back({std::move(stream), std::chrono::steady_clock::now()});
  pool_->schedule_sweep();
}

ConnectionPool::ConnectionPool(Executor executor, Endpoint endpoint, TransportOptions options)
    : executor_(executor),
      endpoint_(std::move(endpoint)),
      options_(options),
      freed_(executor, std::chrono::steady_clock::time_point::max()),
      sweep_(executor) {
  if (options_.connections == 0)
    options_.connections = endpoint_.kind == Endpoint::Kind::ssh ? default_ssh_connections : default_connections;
}

bool ConnectionPool::has_room(bool streaming) const {
  const std::size_t reserved = streaming ? options_.connections / 8 : 0;
  return in_use_ < options_.connections - reserved;
}

awaitable<Result<void>> ConnectionPool::wait_for_room(bool streaming) {
  while (!has_room(streaming)) {
    boost::system::error_code woken;
    co_await freed_.async_wait(asio::redirect_error(use_awaitable, woken));
    co_await throw_if_cancelled();
  }
  co_return Result<void>();
}

awaitable<Result<ConnectionPool::Lease>> ConnectionPool::take(bool streaming, bool fresh, Duration patience) {
  const std::shared_ptr<ConnectionPool> self = shared_from_this();
  while (!has_room(streaming)) {
    auto waiting = wait_for_room(streaming);
    Result<void> room = co_await with_deadline(patience, std::move(waiting), "waiting for a free connection");
    if (!room) co_return fail(std::move(room.error()).in("engine at " + endpoint_.text()));
  }
  ++in_use_;
  if (!fresh && !idle_.empty()) {
    std::shared_ptr<ByteStream> stream = std::move(idle_.back().stream);
    idle_.pop_back();
    co_return Lease(self, std::move(stream), true);
  }
  try {
    Result<std::unique_ptr<ByteStream>> stream = co_await dial(endpoint_, options_.connect_timeout);
    if (stream) co_return Lease(self, std::move(*stream), false);
    leave();
    note_loss();
    co_return fail(std::move(stream.error()));
  } catch (...) {
    leave();
    throw;
  }
}

void ConnectionPool::drop_dead() {
  if (idle_.empty() || idle_.back().stream->idle_and_open()) return;
  idle_.clear();
  note_loss();
}

void ConnectionPool::leave() {
  --in_use_;
  freed_.cancel();
}

void ConnectionPool::schedule_sweep() {
  if (sweeping_) return;
  sweeping_ = true;
  sweep_.expires_after(options_.idle_timeout);
  sweep_.async_wait([weak = weak_from_this()](boost::system::error_code code) {
    const auto pool = weak.lock();
    if (!code && pool) pool->sweep();
  });
}

void ConnectionPool::sweep() {
  const auto oldest = std::chrono::steady_clock::now() - options_.idle_timeout;
  std::erase_if(idle_, [&](const Idle& idle) { return idle.since <= oldest; });
  sweeping_ = false;
  if (!idle_.empty()) schedule_sweep();
}

}  // namespace slipway::docker
