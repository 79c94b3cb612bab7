#pragma once
#include <map>
#include <string>

#include "docker-client/networks.hpp"
#include "docker-client/service_spec.hpp"
#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/difference.hpp"
#include "orchestrator/rollouts/service_spec.hpp"

/// From a decoded Compose file to what a swarm is asked for. Pure; golden-tested.
namespace slipway::rollouts::swarm {

/// A secret or config as the swarm has it.
struct KeptFile {
  std::string id, name;
};
using KeptFiles = std::map<std::string, KeptFile>;  ///< by FileSource::key

/// One service of the application as one service of the swarm.
docker::ServiceSpec service_spec(const Application& application, const Service& service, const Wanted& wanted,
                                 const Maker& maker, const KeptFiles& files);
docker::NetworkSpec overlay_spec(const Application& application, const Network& network, const Maker& maker);

/// Of a secret or config: another content has another name, since a swarm can't change one. `content_hash` must tell
/// nothing of the content. At most 64 characters.
std::string file_name(const std::string& application, const std::string& key, const std::string& content_hash);

/// SHA-256 over all that makes a service what it is, how it is updated included; `file_hashes` for what its secrets and
/// configs hold.
std::string spec_hash(const Application& application, const Service& service, const std::string& image,
                      const std::string& file_hashes);

/// Which of the two goes first where the file does not say: as on a host, the new one if both can be there.
Order order_of(const Service& service);

}  // namespace slipway::rollouts::swarm
