#pragma once
#include "docker-client/byte_stream.hpp"
#include "docker-client/endpoint.hpp"

namespace slipway::docker {

/// A new connection to `endpoint`, TLS handshake included. Files are read each time, so renewed certificates count.
awaitable<Result<std::unique_ptr<ByteStream>>> dial(Endpoint endpoint, Duration timeout);

}  // namespace slipway::docker
