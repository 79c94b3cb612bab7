#pragma once
#include <stdexcept>
#include <utility>

#include "base/result.hpp"

namespace slipway::rollouts {

/// What the fleet of a test can't go on without.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message + "\n" + result.error().hint);
  return std::move(*result);
}

inline void must(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().message);
}

}  // namespace slipway::rollouts
