#include "orchestrator/daemon/registry_access.hpp"

#include <cstdlib>

#include <unistd.h>

#include "base/files.hpp"

namespace slipway::daemon {
namespace {

Result<docker::RegistryAuth> auth_from(const std::string& host, const RegistrySettings& registry) {
  Result<std::string> password = read_file(registry.password_file, 64 << 10);
  if (!password) return fail(password.error().in("password of registry " + host));
  while (password->ends_with('\n') || password->ends_with('\r')) password->pop_back();
  docker::RegistryAuth auth;
  auth.username = registry.username;
  auth.password = Secret(std::move(*password));
  auth.server = host;
  return auth;
}

Result<images::Credentials> docker_credentials() {
  const char* folder = std::getenv("DOCKER_CONFIG");
  const char* home = std::getenv("HOME");
  if (!folder && !home) return images::Credentials();
  return images::Credentials::load(folder ? std::filesystem::path(folder) / "config.json"
                                          : std::filesystem::path(home) / ".docker" / "config.json");
}

/// A helper finds its own by AWS_PROFILE, GOOGLE_APPLICATION_CREDENTIALS, GNUPGHOME and many more. What is slipway's is
/// none of its business.
std::map<std::string, std::string> environment_for_helpers() {
  std::map<std::string, std::string> variables;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    const auto equals = variable.find('=');
    if (equals == std::string_view::npos || equals == 0 || variable.starts_with("SLIPWAY_")) continue;
    variables.emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return variables;
}

}  // namespace

Result<images::Credentials> load_credentials(const Settings& settings) {
  Result<images::Credentials> credentials = docker_credentials();
  if (!credentials) return credentials;
  credentials->set_helper_environment(environment_for_helpers());
  for (const auto& [host, registry] : settings.registries) {
    if (registry.username.empty()) continue;
    Result<docker::RegistryAuth> auth = auth_from(host, registry);
    if (!auth) return fail(auth.error());
    credentials->set(host, std::move(*auth));
  }
  return credentials;
}

images::RegistrySettings registry_settings(const Settings& settings) {
  images::RegistrySettings client;
  for (const auto& [host, registry] : settings.registries) {
    if (registry.insecure) client.insecure.insert(host);
    if (!registry.ca.empty()) client.ca_files[host] = registry.ca;
  }
  return client;
}

runs::RegistryGrants registry_grants(const Settings& settings, const std::string& project) {
  runs::RegistryGrants grants;
  for (const auto& [host, registry] : settings.registries) {
    if (!registry.projects) continue;
    const auto paths = registry.projects->find(project);
    grants.limit(host, paths == registry.projects->end() ? std::vector<std::string>() : paths->second);
  }
  return grants;
}

}  // namespace slipway::daemon
