#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "docker-client/container_spec.hpp"
#include "docker-client/networks.hpp"
#include "docker-client/volumes.hpp"
#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/difference.hpp"

/// From a decoded Compose file to what the Engine is asked for. Pure; golden-tested.
namespace slipway::rollouts {

/// Where a container's secrets are, in a volume of its own.
inline constexpr std::string_view secrets_folder = "/run/secrets";

/// Who makes the containers, written on each of them.
struct Maker {
  std::string instance;  ///< this installation of slipway
  std::int64_t rollout = 0;
};

/// One replica of a service. The network named first gives it its default route; names resolve in all of them.
docker::ContainerSpec container_spec(const Application& application, const Service& service, const Wanted& wanted,
                                     const Maker& maker);
/// A hook or migration: what the service's container has, but its ports, names and labels; without a health check, and
/// never restarted.
docker::ContainerSpec one_shot_spec(const Application& application, const Service& service, const std::string& image,
                                    const std::vector<std::string>& run, const Maker& maker);
/// What the containers of a service have in common wherever they run: without names, slipway's own labels and the
/// volume that a host's containers have their secrets in.
docker::ContainerSpec task_spec(const Application& application, const Service& service, const std::string& image);
docker::NetworkSpec network_spec(const Application& application, const Network& network, const Maker& maker);
docker::VolumeSpec volume_spec(const Application& application, const Volume& volume, const Maker& maker);
/// What a key of the file's `volumes` is called on a host.
std::string volume_name(const Application& application, const std::string& key);
/// "sha256:…" of "repository@sha256:…".
std::string digest_of(const std::string& image);
/// Whose something is.
docker::Labels owner_labels(const Application& application, const Maker& maker);

/// SHA-256 over all that makes a service's container what it is: the Engine's request without names and generation,
/// and `file_hashes` for what its secrets and configs hold.
std::string spec_hash(const Application& application, const Service& service, const std::string& image,
                      const std::string& file_hashes);

}  // namespace slipway::rollouts
