#pragma once
#include <memory>
#include <string>

#include "docker-client/byte_stream.hpp"
#include "docker-client/endpoint.hpp"

namespace slipway::docker {

/// TLS (1.2 or newer) over `carrier` with our certificate shown and the peer's checked against the CA and `host` (a
/// name or an address). Refused certificates on either side are Kind::unauthorized, unreadable files Kind::invalid.
/// Unlike asio's, this one can half-close (docs/decisions/0011-own-tls-stream.md). `carrier` is owned.
awaitable<Result<std::unique_ptr<ByteStream>>> start_tls(std::unique_ptr<ByteStream> carrier, TlsFiles files,
                                                         std::string host);

}  // namespace slipway::docker
