#include "orchestrator/daemon/project_secrets.hpp"

namespace slipway::daemon {

/// An empty text opens to an empty Secret.
Result<Secret> ProjectSecrets::open(const std::string& text, const std::string& project, std::string_view what) const {
  if (text.empty()) return Secret();
  Result<Secret> value = vault_.open(text, project, what);
  if (!value) return fail(value.error().in(std::string(what) + " of " + project));
  return value;
}

Result<Secret> ProjectSecrets::hook_secret(const store::Project& project) const {
  return open(project.sealed_hook_secret, project.name, sealed::hook);
}

Result<Secret> ProjectSecrets::forge_token(const store::Project& project) const {
  return open(project.sealed_forge_token, project.name, sealed::forge_token);
}

awaitable<Result<runs::ProjectAccess>> ProjectSecrets::access(store::Project project) {
  Result<std::vector<store::ProjectSecret>> rows = co_await store_.read(&store::Projects::secrets, project.id);
  if (!rows) co_return fail(rows.error());
  runs::ProjectAccess access;
  for (const store::ProjectSecret& row : *rows) {
    Result<Secret> value = open(row.sealed, project.name, sealed::secret(row.name));
    if (!value) co_return fail(value.error());
    access.secrets.emplace(row.name, std::move(*value));
  }
  // Read after those: one that is replaced meanwhile is among the ones or the others.
  const Result<std::vector<store::ProjectSecret>> former =
      co_await store_.read(&store::Projects::former_secrets, project.id);
  if (!former) co_return fail(former.error());
  for (const store::ProjectSecret& row : *former) {
    Result<Secret> value = open(row.sealed, project.name, sealed::secret(row.name));
    if (!value) co_return fail(value.error());
    access.former_secrets.push_back(std::move(*value));
  }
  Result<Secret> password = open(project.sealed_clone_password, project.name, sealed::clone_password);
  if (!password) co_return fail(password.error());
  Result<Secret> key = open(project.sealed_clone_ssh_key, project.name, sealed::clone_ssh_key);
  if (!key) co_return fail(key.error());
  access.git.username = project.clone_username;
  access.git.password = std::move(*password);
  access.git.ssh_key = std::move(*key);
  co_return access;
}

awaitable<Result<Secret>> ProjectSecrets::secret(ProjectId project, std::string name) {
  Result<store::Project> owner = co_await store_.read(&store::Projects::get, project);
  if (!owner) co_return fail(owner.error());
  Result<std::vector<store::ProjectSecret>> rows = co_await store_.read(&store::Projects::secrets, project);
  if (!rows) co_return fail(rows.error());
  for (const store::ProjectSecret& row : *rows) {
    if (row.name == name) co_return open(row.sealed, owner->name, sealed::secret(name));
  }
  co_return fail(Error::Kind::not_found, "there is no secret '" + name + "'",
                 "set it: slipway secret set " + name + " -p " + owner->name);
}

}  // namespace slipway::daemon
