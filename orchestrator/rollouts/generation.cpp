#include "orchestrator/rollouts/generation.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace slipway::rollouts {
namespace {

Release release_from(const Json& row) {
  Release release;
  release.service = text_at(row, "service");
  release.image = text_at(row, "image");
  release.spec_hash = text_at(row, "spec_hash");
  release.generation = number_at(row, "generation");
  release.replicas = static_cast<std::size_t>(number_at(row, "replicas", 1));
  release.completes = flag_at(row, "completes", false);
  release.adopted = flag_at(row, "adopted", false);
  return release;
}

template <class Map>
void read_map(const Json& object, Map& into) {
  if (!object.is_object()) return;
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) into[key] = value.template get<std::string>();
  }
}

}  // namespace

const Release* GenerationSpec::find(const std::string& service) const {
  const auto found =
      std::find_if(releases.begin(), releases.end(), [&](const Release& one) { return one.service == service; });
  return found == releases.end() ? nullptr : &*found;
}

std::string dump_generation(const GenerationSpec& spec) {
  Json releases = Json::array();
  for (const Release& one : spec.releases) {
    releases.push_back({{"service", one.service},
                        {"image", one.image},
                        {"spec_hash", one.spec_hash},
                        {"generation", one.generation},
                        {"replicas", one.replicas}});
    if (one.completes) releases.back()["completes"] = true;
    if (one.adopted) releases.back()["adopted"] = true;
  }
  Json variables = Json::object();
  for (const auto& [name, value] : spec.variables) variables[name] = value;
  return dump_json({{"application", spec.application},
                    {"number", spec.number},
                    {"compose", spec.compose},
                    {"compose_path", spec.compose_path},
                    {"variables", variables},
                    {"files", spec.files},
                    {"hosts", spec.hosts},
                    {"swarm", spec.swarm},
                    {"from_compose", spec.from_compose},
                    {"releases", releases}});
}

Result<GenerationSpec> parse_generation(std::string_view text) {
  auto json = parse_json(text);
  if (!json) return fail(json.error().in("read a stored generation"));
  GenerationSpec spec;
  spec.application = text_at(*json, "application");
  spec.number = number_at(*json, "number");
  spec.compose = text_at(*json, "compose");
  spec.compose_path = text_at(*json, "compose_path");
  read_map(value_at(*json, "variables"), spec.variables);
  read_map(value_at(*json, "files"), spec.files);
  for (const Json& host : value_at(*json, "hosts")) {
    if (host.is_string()) spec.hosts.push_back(host.get<std::string>());
  }
  spec.swarm = flag_at(*json, "swarm");
  spec.from_compose = flag_at(*json, "from_compose");
  for (const Json& row : value_at(*json, "releases")) spec.releases.push_back(release_from(row));
  if (spec.application.empty()) return fail(Error::Kind::internal, "a stored generation has no application");
  return spec;
}

std::vector<Wanted> wanted_of(const GenerationSpec& spec) {
  std::vector<Wanted> wanted;
  for (const Release& release : spec.releases) {
    if (spec.swarm) {
      wanted.push_back({swarm_service_name(spec.application, release.service), release.service, 0, release.generation,
                        release.spec_hash, release.image});
      continue;
    }
    for (std::size_t replica = 1; replica <= release.replicas; ++replica) {
      wanted.push_back({container_name(spec.application, release.service, release.generation, replica), release.service,
                        replica, release.generation, release.spec_hash, release.image, release.completes,
                        release.adopted});
    }
  }
  return wanted;
}

}  // namespace slipway::rollouts
