#pragma once
#include <string>

#include "orchestrator/auth/vault.hpp"
#include "orchestrator/rollouts/registries.hpp"
#include "orchestrator/runs/collaborators.hpp"
#include "orchestrator/store/projects.hpp"
#include "orchestrator/store/store.hpp"

namespace slipway::daemon {

/// What is sealed for a project besides its named secrets; the names are part of what is authenticated.
namespace sealed {
inline constexpr std::string_view hook = "hook";
inline constexpr std::string_view forge_token = "forge_token";
inline constexpr std::string_view clone_password = "clone_password";
inline constexpr std::string_view clone_ssh_key = "clone_ssh_key";
/// Of the secret that jobs know as `name`.
inline std::string secret(const std::string& name) {
  return "secret/" + name;
}
}  // namespace sealed

/// Opens what the store keeps sealed. Borrows the store and the vault.
class ProjectSecrets final : public rollouts::SecretSource {
 public:
  ProjectSecrets(store::Store& store, const auth::Vault& vault) : store_(store), vault_(vault) {}

  awaitable<Result<Secret>> secret(ProjectId project, std::string name) override;
  /// All that a run of the project may need.
  awaitable<Result<runs::ProjectAccess>> access(store::Project project);
  [[nodiscard]] Result<Secret> hook_secret(const store::Project& project) const;
  [[nodiscard]] Result<Secret> forge_token(const store::Project& project) const;

 private:
  [[nodiscard]] Result<Secret> open(const std::string& text, const std::string& project, std::string_view what) const;

  store::Store& store_;
  const auth::Vault& vault_;
};

}  // namespace slipway::daemon
