#pragma once
#include <string>

#include "images/credentials.hpp"
#include "images/registry_client.hpp"
#include "orchestrator/daemon/settings.hpp"
#include "orchestrator/rollouts/registries.hpp"

namespace slipway::daemon {

/// Who we are to which registry: the settings' registries, else docker's config.json of the daemon's user
/// (DOCKER_CONFIG, else ~/.docker). Reads password files. Blocks.
Result<images::Credentials> load_credentials(const Settings& settings);

/// The settings' `ca` and `insecure` in the registry client's words.
images::RegistrySettings registry_settings(const Settings& settings);

/// Registries for rollouts. Borrows all it is given.
class RegistryAccess final : public rollouts::Registries {
 public:
  RegistryAccess(const images::Credentials& credentials, images::RegistrySettings settings, Pool& pool,
                 const Clock& clock)
      : credentials_(credentials), client_(pool, clock, std::move(settings)) {}

  awaitable<Result<std::string>> digest_of(std::string reference) override;
  awaitable<Result<docker::RegistryAuth>> credentials(std::string repository) override;

 private:
  const images::Credentials& credentials_;
  images::RegistryClient client_;
};

}  // namespace slipway::daemon
