#include "orchestrator/runs/registry_grants.hpp"

#include "images/credentials.hpp"
#include "pipelines/glob.hpp"

namespace slipway::runs {

RegistryGrants RegistryGrants::none() {
  RegistryGrants grants;
  grants.none_ = true;
  return grants;
}

void RegistryGrants::limit(std::string registry, std::vector<std::string> paths) {
  limited_[images::registry_key(registry)] = std::move(paths);
}

bool RegistryGrants::cover(const images::Reference& repository) const {
  if (none_) return false;
  const auto paths = limited_.find(images::registry_key(repository.registry));
  if (paths == limited_.end()) return true;
  // A list of only `!` patterns starts from everything; an empty one from nothing.
  return !paths->second.empty() && pipelines::any_glob_matches(paths->second, repository.path);
}

bool RegistryGrants::cover(const std::string& reference) const {
  const Result<images::Reference> parsed = images::parse_reference(reference);
  return parsed && cover(*parsed);
}

}  // namespace slipway::runs
