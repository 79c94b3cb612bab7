#pragma once
#include <optional>

#include <boost/asio/io_context.hpp>

#include "base/async.hpp"

namespace slipway {

/// Runs one coroutine to its end on an io_context of its own; what it throws is thrown here.
template <class T>
T run_async(awaitable<T> work) {
  asio::io_context io;
  std::optional<T> value;
  std::exception_ptr escaped;
  asio::co_spawn(io, std::move(work), [&](std::exception_ptr e, T result) {
    escaped = e;
    if (!e) value.emplace(std::move(result));
  });
  io.run();
  if (escaped) std::rethrow_exception(escaped);
  return std::move(*value);
}

inline void run_async(awaitable<void> work) {
  asio::io_context io;
  std::exception_ptr escaped;
  asio::co_spawn(io, std::move(work), [&](std::exception_ptr e) { escaped = e; });
  io.run();
  if (escaped) std::rethrow_exception(escaped);
}

}  // namespace slipway
