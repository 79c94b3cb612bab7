#pragma once
#include <chrono>
#include <memory>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "docker-client/byte_stream.hpp"
#include "docker-client/transport.hpp"

namespace slipway::docker {

/// The connections to one Engine: idle ones, and a count of those in use. Lives as long as any lease.
class ConnectionPool : public std::enable_shared_from_this<ConnectionPool> {
 public:
  /// A connection in use. Closed when this goes, unless it was kept.
  class Lease {
   public:
    Lease(std::shared_ptr<ConnectionPool> pool, std::shared_ptr<ByteStream> stream, bool reused)
        : pool_(std::move(pool)), stream_(std::move(stream)), reused_(reused) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    [[nodiscard]] const std::shared_ptr<ByteStream>& stream() const { return stream_; }
    [[nodiscard]] ConnectionPool& pool() const { return *pool_; }
    /// True if it served a request before: the Engine may have closed it meanwhile.
    [[nodiscard]] bool reused() const { return reused_; }
    /// Back to the idle ones; the lease is spent.
    void keep();

   private:
    std::shared_ptr<ConnectionPool> pool_;
    std::shared_ptr<ByteStream> stream_;
    bool reused_;
  };

  ConnectionPool(Executor executor, Endpoint endpoint, TransportOptions options);

  /// An idle connection, or with `fresh` and where there is none a new one. Waits up to `patience` for room.
  awaitable<Result<Lease>> take(bool streaming, bool fresh, Duration patience);
  /// If the newest idle connection was closed by the Engine, so were the others: drops them and counts a loss.
  void drop_dead();
  void close_idle() { idle_.clear(); }

  /// Counts up whenever the Engine was lost; what was learnt about it before is no longer sure.
  [[nodiscard]] unsigned losses() const { return losses_; }
  void note_loss() { ++losses_; }

  [[nodiscard]] const Executor& executor() const { return executor_; }
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  [[nodiscard]] const TransportOptions& options() const { return options_; }

 private:
  struct Idle {
    std::shared_ptr<ByteStream> stream;
    std::chrono::steady_clock::time_point since;
  };
  [[nodiscard]] bool has_room(bool streaming) const;
  awaitable<Result<void>> wait_for_room(bool streaming);
  void leave();
  void schedule_sweep();
  void sweep();

  Executor executor_;
  Endpoint endpoint_;
  TransportOptions options_;
  std::vector<Idle> idle_;  // newest last
  std::size_t in_use_ = 0;
  unsigned losses_ = 0;
  asio::steady_timer freed_;  // never expires; cancelled to wake who waits for room
  asio::steady_timer sweep_;
  bool sweeping_ = false;
};

}  // namespace slipway::docker
