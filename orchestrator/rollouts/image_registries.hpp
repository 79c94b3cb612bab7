#pragma once
#include "images/credentials.hpp"
#include "images/registry_client.hpp"
#include "orchestrator/rollouts/registries.hpp"

namespace slipway::rollouts {

/// Registries as they are, with the daemon's own credentials. Borrows both.
class ImageRegistries final : public Registries {
 public:
  ImageRegistries(images::RegistryClient& client, const images::Credentials& credentials)
      : client_(client), credentials_(credentials) {}

  awaitable<Result<std::string>> digest_of(std::string reference) override;
  awaitable<Result<docker::RegistryAuth>> credentials(std::string repository) override;

 private:
  images::RegistryClient& client_;
  const images::Credentials& credentials_;
};

}  // namespace slipway::rollouts
