#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "base/async.hpp"

namespace slipway::http {

/// Counts what the server does, by route pattern (never by path: the number of series is bounded).
class Traffic {
 public:
  /// Upper bounds of the buckets of request durations, in seconds.
  static constexpr std::array<double, 9> bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10};

  /// `route` is empty for what no route took.
  void answered(const std::string& method, const std::string& route, int status, Duration time);
  void refused_connection() { ++refused_connections_; }
  void dropped_slow_reader() { ++slow_readers_; }

  /// What the server holds at this moment.
  struct Held {
    std::size_t connections = 0;
    std::size_t streams = 0;
    std::size_t body_bytes = 0;
  };

  /// In Prometheus' text format 0.0.4.
  [[nodiscard]] std::string text(const Held& held) const;

 private:
  struct Series {
    std::map<int, std::uint64_t> by_status;
    std::array<std::uint64_t, bounds.size()> buckets{};  // not cumulative
    double seconds = 0;
    std::uint64_t count = 0;
  };
  std::map<std::pair<std::string, std::string>, Series> series_;
  std::uint64_t refused_connections_ = 0;
  std::uint64_t slow_readers_ = 0;
};

}  // namespace slipway::http
