#pragma once
#include <functional>

#include "docker-client/transport.hpp"
#include "tests/support/run_async.hpp"
#include "tests/unit/docker-client/scripted_engine.hpp"

namespace slipway::docker {

inline Request unversioned(std::string method, std::string path) {
  Request request(std::move(method), std::move(path));
  request.versioned = false;
  return request;
}

using Body = std::function<awaitable<void>(Transport& transport, ScriptedEngine& engine)>;

inline awaitable<void> run_script(ScriptedEngine::Script script, Body body, TransportOptions options) {
  const Executor executor = co_await asio::this_coro::executor;
  ScriptedEngine engine(executor, std::move(script));
  Transport transport(executor, engine.endpoint(), options);
  co_await body(transport, engine);
  co_await engine.stop();
}

/// `body` against an engine that plays `script` on each connection.
inline void with_script(ScriptedEngine::Script script, Body body, TransportOptions options = {}) {
  run_async(run_script(std::move(script), std::move(body), options));
}

}  // namespace slipway::docker
