#pragma once
#include <string>

#include "base/async.hpp"
#include "base/ids.hpp"
#include "base/secret.hpp"
#include "docker-client/registry_auth.hpp"

/// What rollouts need of the outside, besides Engines. The daemon implements both.
namespace slipway::rollouts {

class Registries {
 public:
  virtual ~Registries() = default;
  /// The manifest digest ("sha256:…") that a reference has now, as the Engine would pull it: with credentials only if
  /// the project may use them for that.
  virtual awaitable<Result<std::string>> digest_of(std::string reference, ProjectId project) = 0;
  /// Whether the project may have what `reference` names: use the credentials for it, or have it without any.
  /// Kind::forbidden if not.
  virtual awaitable<Result<void>> check_access(std::string reference, ProjectId project) = 0;
  /// What an Engine is given to pull from `repository`; nobody where nothing is known.
  virtual awaitable<Result<docker::RegistryAuth>> credentials(std::string repository) = 0;
};

class SecretSource {
 public:
  virtual ~SecretSource() = default;
  /// Of the project that the application belongs to. Unknown is Kind::not_found.
  virtual awaitable<Result<Secret>> secret(ProjectId project, std::string name) = 0;
};

}  // namespace slipway::rollouts
