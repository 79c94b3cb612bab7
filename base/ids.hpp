#pragma once
#include <compare>
#include <cstdint>
#include <string>

namespace slipway {

/// A number that names one row of one kind; the kinds can't be mixed up. 0 names nothing.
template <class Tag>
struct Id {
  constexpr Id() = default;
  constexpr explicit Id(std::int64_t number) : value(number) {}
  constexpr explicit operator bool() const { return value != 0; }
  friend constexpr auto operator<=>(const Id&, const Id&) = default;
  std::int64_t value = 0;
};

template <class Tag>
std::string to_string(Id<Tag> id) {
  return std::to_string(id.value);
}

using ProjectId = Id<struct ProjectTag>;
using DeliveryId = Id<struct DeliveryTag>;
using RunId = Id<struct RunTag>;
using RolloutId = Id<struct RolloutTag>;
using TokenId = Id<struct TokenTag>;

/// `bytes` bytes from the system's random source, as lower-case hex (twice as many characters).
std::string random_hex(std::size_t bytes);

}  // namespace slipway
