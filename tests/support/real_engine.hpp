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
  RealEngine() : RealEngine(endpoint()) {}
  explicit RealEngine(docker::Endpoint where, docker::TransportOptions options = {})
      : engine_(io_.get_executor(), std::move(where), options) {}

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
    auto finish = [&](std::exception_ptr e) {
      escaped = e;
      done = true;
    };
    asio::cancellation_signal unused;
    asio::co_spawn(io_, keep(std::move(work), value),
                   asio::bind_cancellation_slot((stop ? *stop : unused).slot(), finish));
    io_.restart();
    while (!done) io_.run_one();
    if (escaped) std::rethrow_exception(escaped);
    return std::move(*value);
  }

 private:
  /// co_spawn itself hands over default-constructible values only.
  template <class T>
  static awaitable<void> keep(awaitable<T> work, std::optional<T>& value) {
    value.emplace(co_await std::move(work));
  }

  asio::io_context io_;
  docker::Engine engine_;
};

}  // namespace slipway
