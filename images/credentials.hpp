#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/async.hpp"
#include "docker-client/registry_auth.hpp"
#include "images/docker_config.hpp"

namespace slipway::images {

/// Who we are to which registry. Asked in this order: what `set` was told, the registry's own credential helper, the
/// default helper, the file's own entries. Errors never hold a secret.
class Credentials {
 public:
  Credentials() = default;

  /// A docker config.json, whose changes count from when they are made. A missing file is an empty one.
  static Result<Credentials> load(const std::filesystem::path& file);
  static Result<Credentials> parse(std::string_view json);

  /// Settings of slipway's own for one registry.
  void set(std::string_view registry, docker::RegistryAuth auth);
  /// Variables that helpers get besides PATH and HOME (AWS_PROFILE …).
  void set_helper_environment(std::map<std::string, std::string> variables) { environment_ = std::move(variables); }

  /// For one registry; anonymous if nothing is known. A helper that is missing, fails or talks nonsense is an error,
  /// one that doesn't know the registry isn't. Helpers have 30 seconds.
  awaitable<Result<docker::RegistryAuth>> for_registry(std::string registry) const;
  /// For these registries, without those that nothing is known for: what the classic builder takes.
  awaitable<Result<docker::RegistryAuths>> for_registries(std::vector<std::string> registries) const;
  /// The registries that something was said about by name.
  [[nodiscard]] std::vector<std::string> known() const;

 private:
  std::map<std::string, docker::RegistryAuth> settings_;
  mutable DockerConfigFile config_;  // asking looks whether it has changed
  std::map<std::string, std::string> environment_;
};

}  // namespace slipway::images
