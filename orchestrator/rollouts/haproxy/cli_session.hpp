#pragma once
#include <string>
#include <vector>

#include "docker-client/exec.hpp"
#include "docker-client/log_frames.hpp"
#include "orchestrator/rollouts/haproxy/runtime.hpp"

namespace slipway::rollouts::haproxy {

/// A conversation with the master process of one proxy container, through an exec that joins its Unix socket to our
/// connection: nothing listens on a port. One exec costs as much as a start of a small program, a command after it one
/// exchange on an open connection. An error, or cancelling a call, ends the conversation: what follows is
/// Kind::unavailable. HAProxy and its connections do not mind.
class CliSession {
 public:
  /// `folder` is the container's own below proxy_folder.
  static awaitable<Result<CliSession>> open(docker::Exec& exec, std::string container, std::string folder);

  /// The answer of the master, or of one of its workers. At most 4 MiB, within 5 s.
  awaitable<Result<std::string>> ask(std::string command);
  awaitable<Result<std::string>> ask(std::int64_t worker, std::string command);
  /// Brings every worker, also those of before a reload, to what `services` says of the application: connections that
  /// they keep alive still bring requests. What they have to lose they say themselves, since whoever changed the table
  /// last may have died before it told them. An answer that is no success is an Error with its text.
  awaitable<Result<void>> bring_to(std::string application, ProxyTable::Services services);
  awaitable<Result<Workers>> workers();
  /// The structure that the current worker was started with; empty: none runs.
  awaitable<Result<std::string>> structure();

 private:
  explicit CliSession(docker::HijackedStream stream) : stream_(std::move(stream)) {}
  awaitable<Result<std::string>> until_prompt();
  awaitable<Result<void>> tell(std::int64_t worker, std::vector<Command> commands);

  docker::HijackedStream stream_;
  docker::LogDemultiplexer frames_;
  std::string errors_;
  bool inside_answer_ = false;
};

}  // namespace slipway::rollouts::haproxy
