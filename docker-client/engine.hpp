#pragma once
#include "docker-client/archives.hpp"
#include "docker-client/builds.hpp"
#include "docker-client/containers.hpp"
#include "docker-client/events.hpp"
#include "docker-client/exec.hpp"
#include "docker-client/images.hpp"
#include "docker-client/networks.hpp"
#include "docker-client/services.hpp"
#include "docker-client/swarm.hpp"
#include "docker-client/system.hpp"
#include "docker-client/transport.hpp"
#include "docker-client/volumes.hpp"

namespace slipway::docker {

/// One Docker Engine: the transport and what is spoken over it. Connects at the first call. Must outlive its calls.
class Engine {
 public:
  Engine(Executor executor, Endpoint endpoint, TransportOptions options = {})
      : transport_(std::move(executor), std::move(endpoint), options) {}

  Transport& transport() { return transport_; }
  [[nodiscard]] const Endpoint& endpoint() const { return transport_.endpoint(); }

  Containers& containers() { return containers_; }
  Archives& archives() { return archives_; }
  Exec& exec() { return exec_; }
  Images& images() { return images_; }
  Builds& builds() { return builds_; }
  Networks& networks() { return networks_; }
  Volumes& volumes() { return volumes_; }
  Events& events() { return events_; }
  System& system() { return system_; }
  Swarm& swarm() { return swarm_; }
  Services& services() { return services_; }
  SwarmFiles& secrets() { return secrets_; }
  SwarmFiles& configs() { return configs_; }

 private:
  Transport transport_;
  Containers containers_{transport_};
  Archives archives_{transport_};
  Exec exec_{transport_};
  Images images_{transport_};
  Builds builds_{transport_};
  Networks networks_{transport_};
  Volumes volumes_{transport_};
  Events events_{transport_};
  System system_{transport_};
  Swarm swarm_{transport_};
  Services services_{transport_};
  SwarmFiles secrets_{transport_, SwarmFiles::Kind::secret};
  SwarmFiles configs_{transport_, SwarmFiles::Kind::config};
};

}  // namespace slipway::docker
