#pragma once
#include <utility>

#include <catch2/catch.hpp>

#include "base/result.hpp"

namespace slipway::runs {

/// What a test can't go on without.
template <class T>
T required(Result<T> result) {
  if (!result) FAIL(result.error().message);
  return std::move(*result);
}

inline void required(const Result<void>& result) {
  if (!result) FAIL(result.error().message);
}

}  // namespace slipway::runs
