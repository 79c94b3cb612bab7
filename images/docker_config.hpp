#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "docker-client/registry_auth.hpp"

namespace slipway::images {

/// host[:port] of whatever people write for a registry: "https://registry.example:5000/v2/" is
/// "registry.example:5000"; Docker Hub's many names are "docker.io".
std::string registry_key(std::string_view written);

/// What helpers and Engines call the registry of this key.
std::string registry_server(const std::string& key);

/// What docker's config.json says of registries.
struct DockerConfig {
  std::map<std::string, docker::RegistryAuth> auths;  ///< by registry_key; none is anonymous
  std::map<std::string, std::string> helpers;         ///< registry_key → NAME of docker-credential-NAME
  std::string default_helper;                         ///< a NAME, too
};

/// Reads `auths`, `credsStore` and `credHelpers`. Errors never hold a secret.
Result<DockerConfig> parse_docker_config(std::string_view json);

/// A config.json that changes under us: `docker login` writes it while slipwayd runs.
class DockerConfigFile {
 public:
  DockerConfigFile() = default;
  /// Of no file.
  explicit DockerConfigFile(DockerConfig config) : config_(std::move(config)) {}
  /// A missing file is an empty one, and may come to be there.
  static Result<DockerConfigFile> open(std::filesystem::path file);

  /// What it says now; stays until the next call. The file is looked at each time, and read when it is another one. As
  /// long as it can't be used then, which is told in the log, what it said before holds.
  const DockerConfig& now();

 private:
  using Stamp = std::array<std::int64_t, 5>;
  static Stamp stamp_of(const std::filesystem::path& file);

  std::filesystem::path file_;
  Stamp stamp_{};
  DockerConfig config_;
};

}  // namespace slipway::images
