#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/async.hpp"
#include "docker-client/registry_auth.hpp"

namespace slipway::images {

/// host[:port] of whatever people write for a registry: "https://registry.example:5000/v2/" is
/// "registry.example:5000"; Docker Hub's many names are "docker.io".
std::string registry_key(std::string_view written);

/// Who we are to which registry. Asked in this order: what `set` was told, the registry's own credential helper, the
/// default helper, the file's own entries. Errors never hold a secret.
class Credentials {
 public:
  Credentials() = default;

  /// A docker config.json (`auths`, `credsStore`, `credHelpers`). A missing file is an empty one.
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
  std::map<std::string, docker::RegistryAuth> file_;
  std::map<std::string, std::string> helpers_;  // registry → NAME of docker-credential-NAME
  std::string default_helper_;
  std::map<std::string, std::string> environment_;
};

}  // namespace slipway::images
