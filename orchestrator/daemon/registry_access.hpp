#pragma once
#include "images/credentials.hpp"
#include "images/registry_client.hpp"
#include "orchestrator/daemon/settings.hpp"
#include "orchestrator/runs/registry_grants.hpp"

namespace slipway::daemon {

/// Who we are to which registry: the settings' registries, else docker's config.json of the daemon's user
/// (DOCKER_CONFIG, else ~/.docker), whose helpers get this process's environment but SLIPWAY_*. Reads password files.
/// Blocks.
Result<images::Credentials> load_credentials(const Settings& settings);

/// The settings' `ca` and `insecure` in the registry client's words.
images::RegistrySettings registry_settings(const Settings& settings);

/// What the settings' `projects` leave to this one.
runs::RegistryGrants registry_grants(const Settings& settings, const std::string& project);

}  // namespace slipway::daemon
