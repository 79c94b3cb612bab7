#pragma once
#include <map>
#include <optional>
#include <string>

#include "docker-client/engine.hpp"
#include "orchestrator/rollouts/haproxy/cli_session.hpp"
#include "orchestrator/rollouts/haproxy/config.hpp"
#include "orchestrator/rollouts/registries.hpp"

namespace slipway::rollouts::haproxy {

/// Files for the proxy's volume.
struct ProxyFiles {
  std::string config;
  std::string table;
  std::map<std::string, std::string> certificates;  ///< PEM, by name
};

/// A proxy container as a host shows it.
struct RunningProxy {
  std::string name;
  std::string id;
  std::string spec_hash;
  Time created{};
  [[nodiscard]] std::string folder() const { return std::string(proxy_folder) + "/" + name; }
};

struct Conversation {
  std::string proxy;  ///< its id
  CliSession session;
};
using Conversations = std::vector<Conversation>;

/// The proxy of one host, as containers and a volume. It is in the host's own network: it reaches every container by
/// its address, no published port stands in between, and a newer one can take over its listening sockets. Borrows all
/// it is given.
class ProxyContainers {
 public:
  ProxyContainers(docker::Engine& engine, Registries& registries, const ProxySettings& settings, std::string instance)
      : engine_(engine), registries_(registries), settings_(settings), instance_(std::move(instance)) {}

  /// Those that run, the newest first. Older ones have only connections left that were there when they were replaced.
  awaitable<Result<std::vector<RunningProxy>>> list();
  /// The table on the host; an empty one if there is no proxy.
  awaitable<Result<ProxyTable>> table();
  /// Writes `files` into the volume, those that HAProxy starts from at once, and only if it can read them. Starts the
  /// proxy if none runs. One of other settings is replaced: the new one takes over its listening sockets, so that no
  /// connection is refused, and the old one ends with its last connection. Gives the newest.
  awaitable<Result<RunningProxy>> apply(ProxyFiles files);
  /// New worker processes, with the configuration that is there. Old ones end with their last connection.
  awaitable<Result<void>> reload(RunningProxy proxy);
  awaitable<Result<CliSession>> speak_to(RunningProxy proxy);
  /// Makes `kept` the conversations with all that run, the newest first: those that still work stay, missing ones are
  /// begun. A former proxy that ends meanwhile has nothing left to be told.
  awaitable<Result<void>> speak_to_all(Conversations* kept);

 private:
  awaitable<Result<void>> pull();
  awaitable<Result<std::vector<docker::ContainerSummary>>> list_all();
  /// `before`: whose sockets it takes over; may be empty.
  awaitable<Result<RunningProxy>> create(std::string before);
  awaitable<Result<void>> wait_until_up(RunningProxy proxy);
  awaitable<Result<void>> retire(RunningProxy old);
  awaitable<Result<void>> remove_ended();
  awaitable<Result<void>> put(std::string container, std::string tar);
  awaitable<Result<void>> accept_files(RunningProxy proxy, ProxyFiles files);
  [[nodiscard]] docker::ContainerSpec spec() const;

  docker::Engine& engine_;
  Registries& registries_;
  const ProxySettings& settings_;
  std::string instance_;
};

}  // namespace slipway::rollouts::haproxy
