#pragma once
#include <functional>

#include "images/credentials.hpp"
#include "images/registry_client.hpp"
#include "orchestrator/rollouts/registries.hpp"
#include "orchestrator/runs/registry_grants.hpp"

namespace slipway::rollouts {

/// Registries as they are, with the daemon's own credentials. Borrows client and credentials.
class ImageRegistries final : public Registries {
 public:
  using FindGrants = std::function<awaitable<Result<runs::RegistryGrants>>(ProjectId project)>;

  /// Without `find_grants` every project may use the credentials for everything.
  ImageRegistries(images::RegistryClient& client, const images::Credentials& credentials, FindGrants find_grants = {})
      : client_(client), credentials_(credentials), find_grants_(std::move(find_grants)) {}

  awaitable<Result<std::string>> digest_of(std::string reference, ProjectId project) override;
  awaitable<Result<void>> check_access(std::string reference, ProjectId project) override;
  awaitable<Result<docker::RegistryAuth>> credentials(std::string repository) override;

 private:
  awaitable<Result<bool>> covers(images::Reference reference, ProjectId project);

  images::RegistryClient& client_;
  const images::Credentials& credentials_;
  FindGrants find_grants_;
};

}  // namespace slipway::rollouts
