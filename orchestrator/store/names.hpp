#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

/// Enumerations of the records by name. The names are what is stored and what the HTTP API shows: never change one.
namespace slipway::store {

/// Specialised beside each enumeration: `list` has the names in the order of the enumerators.
template <class E>
struct Names;

template <class E>
concept Named = requires { Names<E>::list.size(); };

template <Named E>
constexpr std::string_view name_of(E value) {
  return Names<E>::list[static_cast<std::size_t>(value)];
}

template <Named E>
constexpr std::optional<E> from_name(std::string_view name) {
  for (std::size_t i = 0; i < Names<E>::list.size(); ++i) {
    if (Names<E>::list[i] == name) return static_cast<E>(i);
  }
  return std::nullopt;
}

}  // namespace slipway::store
