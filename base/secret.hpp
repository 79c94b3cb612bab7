#pragma once
#include <string>
#include <utility>

#include <string.h>

namespace slipway {

/// A string that must not be logged or printed: it has no formatter, no stream operator and no conversion, and is
/// wiped when it goes. `reveal()` marks each place where the value leaves.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : value_(std::exchange(other.value_, {})) {}
  Secret& operator=(Secret other) noexcept {
    value_.swap(other.value_);
    return *this;
  }
  ~Secret() { explicit_bzero(value_.data(), value_.size()); }

  [[nodiscard]] const std::string& reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

}  // namespace slipway
