#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/compose/interpolate.hpp"
#include "orchestrator/rollouts/difference.hpp"

namespace slipway::rollouts {

/// The spec_hash of a service that was adopted and is not as its file says: the next deployment replaces it.
inline constexpr std::string_view unlike_its_file = "unlike its file";

/// One service as a generation runs it.
struct Release {
  std::string service;
  std::string image;  ///< "repository@sha256:…": what the hosts pull, whatever a tag says by then
  std::string spec_hash;
  std::int64_t generation = 0;  ///< the one in which the service last changed: its containers are named after it
  std::size_t replicas = 1;
  bool completes = false;  ///< see Wanted
  bool adopted = false;    ///< likewise
  friend bool operator==(const Release&, const Release&) = default;
};

/// One version of an application: all that is needed to make its containers again, on any host, at any time. Written
/// once when a rollout is planned, never changed.
struct GenerationSpec {
  std::string application;
  std::int64_t number = 0;
  std::string compose;  ///< the file's text
  std::string compose_path;
  Variables variables;
  std::map<std::string, std::string> files;  ///< of the checkout: contents of configs, secrets and env_files
  std::vector<std::string> hosts;            ///< those it was rolled out to; of a swarm its name
  bool swarm = false;
  bool from_compose =
      false;  ///< the application was adopted from Docker Compose: what that made on the hosts is its own
  std::vector<Release> releases;

  [[nodiscard]] const Release* find(const std::string& service) const;
};

/// The JSON under which it is stored.
std::string dump_generation(const GenerationSpec& spec);
Result<GenerationSpec> parse_generation(std::string_view text);

/// The containers it asks for on each host; of a swarm its services, whose replica is 0.
std::vector<Wanted> wanted_of(const GenerationSpec& spec);

}  // namespace slipway::rollouts
