#pragma once
#include "docker-client/byte_stream.hpp"
#include "docker-client/endpoint.hpp"

namespace slipway::docker {

/// The program and arguments that reach the Engine behind an ssh endpoint: `ssh … docker system dial-stdio`.
std::vector<std::string> ssh_command(const Endpoint& endpoint, Duration connect_timeout);

/// One ssh process whose standard input and output are the stream; killed with it. Returns before ssh has connected:
/// that it could not shows as an early end of the stream, with ssh's message in last_words().
Result<std::unique_ptr<ByteStream>> start_ssh(const Executor& executor, const Endpoint& endpoint,
                                              Duration connect_timeout);

}  // namespace slipway::docker
