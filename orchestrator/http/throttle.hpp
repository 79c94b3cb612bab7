#pragma once
#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"

namespace slipway::http {

/// Slows down who guesses tokens: after `free_failures` wrong ones an address has to wait, twice as long after each
/// further one, up to five minutes. A right one clears it. Remembers the 4096 addresses that failed last.
class Throttle {
 public:
  static constexpr int free_failures = 10;

  /// How long `address` still has to wait; zero: it may try.
  [[nodiscard]] Milliseconds wait(const std::string& address, Time now) const;
  void failed(const std::string& address, Time now);
  void succeeded(const std::string& address);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string address;
    int failures = 0;
    Time last{};
  };
  std::list<Entry> entries_;  // the last that failed first
  std::unordered_map<std::string, std::list<Entry>::iterator> places_;
};

}  // namespace slipway::http
