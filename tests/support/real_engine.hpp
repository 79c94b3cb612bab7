#pragma once
#include <cstdlib>
#include <optional>
#include <stdexcept>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include "docker-client/engine.hpp"

namespace slipway {

/// The Engine that integration tests speak to: SLIPWAY_TEST_ENGINE, else the machine's own. Tests call it as if it were
/// synchronous: `engine.run(engine->images().inspect("busybox"))`.
class RealEngine {
 public:
  RealEngine() : engine_(io_.get_executor(), endpoint()) {}

  static docker::Endpoint endpoint() {
    const char* given = std::getenv("SLIPWAY_TEST_ENGINE");
    auto parsed = docker::parse_endpoint(given ? given : "unix:///var/run/docker.sock");
    if (!parsed) throw std::runtime_error(parsed.error().message);
    return *parsed;
  }

  docker::Engine* operator->() { return &engine_; }
  docker::Engine& operator*() { return engine_; }
  Executor executor() { return io_.get_executor(); }

  /// What `work` gives; what it throws is thrown here. `stop`, if given, cancels it.
  template <class T>
  T run(awaitable<T> work, asio::cancellation_signal* stop = nullptr) {
    std::optional<T> value;
    std::exception_ptr escaped;
    bool done = false;
    auto finish = [&](std::exception_ptr e, T result) {
      escaped = e;
      if (!e) value.emplace(std::move(result));
      done = true;
    };
    asio::cancellation_signal unused;
    asio::co_spawn(io_, std::move(work), asio::bind_cancellation_slot((stop ? *stop : unused).slot(), finish));
    io_.restart();
    while (!done) io_.run_one();
    if (escaped) std::rethrow_exception(escaped);
    return std::move(*value);
  }

 private:
  asio::io_context io_;
  docker::Engine engine_;
};

}  // namespace slipway
