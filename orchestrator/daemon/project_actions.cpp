#include "orchestrator/daemon/project_actions.hpp"

#include "orchestrator/daemon/audit.hpp"
#include "orchestrator/daemon/project_secrets.hpp"
#include "orchestrator/store/projects.hpp"

namespace slipway::daemon {
namespace {

constexpr std::size_t max_secret = 64 << 10;

Result<store::Forge> forge_of(const std::string& name) {
  const auto& names = store::Names<store::Forge>::list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<store::Forge>(i);
  }
  return fail(Error::Kind::invalid, "'" + name + "' is no forge",
              "use github, gitlab, gitea, forgejo, bitbucket or none");
}

Result<store::ForkPolicy> fork_policy_of(const std::string& name) {
  const auto& names = store::Names<store::ForkPolicy>::list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<store::ForkPolicy>(i);
  }
  return fail(Error::Kind::invalid, "'" + name + "' is no fork policy", "use run, approve or ignore");
}

Result<void> apply_settings(store::Project& project, const http::ProjectInput& input) {
  if (input.default_branch) {
    if (!checkout::is_ref_name(*input.default_branch))
      return fail(Error::Kind::invalid, "default_branch is no branch name");
    project.default_branch = *input.default_branch;
  }
  if (input.pipeline_file) {
    if (!checkout::is_tree_path(*input.pipeline_file)) {
      return fail(Error::Kind::invalid, "pipeline_file must be a path inside the repository");
    }
    project.settings.pipeline_file = *input.pipeline_file;
  }
  if (input.forge) {
    const Result<store::Forge> forge = forge_of(*input.forge);
    if (!forge) return fail(forge.error());
    project.forge = *forge;
  }
  if (input.fork_policy) {
    const Result<store::ForkPolicy> policy = fork_policy_of(*input.fork_policy);
    if (!policy) return fail(policy.error());
    project.settings.forks = *policy;
  }
  if (input.forge_url) project.settings.forge_url = *input.forge_url;
  if (input.supersede) project.settings.supersede = *input.supersede;
  if (input.allow_unsigned) project.settings.allow_unsigned = *input.allow_unsigned;
  if (input.max_runs) project.settings.max_runs = *input.max_runs;
  return {};
}

}  // namespace

Result<ProjectActions::Change> ProjectActions::change_of(http::ProjectInput input) const {
  if (input.clone_url) {
    const Result<checkout::GitUrl> url = checkout::parse_git_url(*input.clone_url, urls_);
    if (!url) return fail(url.error().in("clone_url"));
  }
  Change change;
  const std::tuple<std::optional<Secret>&, std::string store::Project::*, std::string_view> secrets[] = {
      {input.hook_secret, &store::Project::sealed_hook_secret, sealed::hook},
      {input.forge_token, &store::Project::sealed_forge_token, sealed::forge_token},
      {input.clone_password, &store::Project::sealed_clone_password, sealed::clone_password},
      {input.clone_ssh_key, &store::Project::sealed_clone_ssh_key, sealed::clone_ssh_key}};
  for (const auto& [value, kept, what] : secrets) {
    if (!value) continue;
    change.sealed.emplace_back(kept, value->empty() ? std::string() : vault_.seal(*value, input.name, what));
    value.reset();
  }
  change.input = std::move(input);
  return change;
}

Result<void> ProjectActions::apply(store::Project& project, const Change& change) {
  if (change.input.clone_url) project.clone_url = *change.input.clone_url;
  if (change.input.clone_username) project.clone_username = *change.input.clone_username;
  for (const auto& [kept, value] : change.sealed) project.*kept = value;
  return apply_settings(project, change.input);
}

awaitable<Result<http::CreatedProject>> ProjectActions::add(http::ProjectInput input, http::Actor actor) {
  if (!store::is_project_name(input.name)) {
    co_return fail(Error::Kind::invalid, "'" + input.name + "' is no project name",
                   "a-z, 0-9, '-', '_' and '.', at most 63 characters, beginning with a letter or digit");
  }
  if (!input.clone_url) co_return fail(Error::Kind::invalid, "clone_url is missing");
  const bool make_secret = !input.hook_secret || input.hook_secret->empty();
  if (make_secret) input.hook_secret = Secret(random_hex(20));
  store::Project project;
  project.name = input.name;
  project.created = clock_.now();
  const Result<Change> change = change_of(input);
  if (!change) co_return fail(change.error());
  if (Result<void> applied = apply(project, *change); !applied) co_return fail(applied.error());
  auto work = [project, actor, now = clock_.now()](store::Transaction& tx) -> Result<ProjectId> {
    Result<ProjectId> id = store::Projects(tx).add(project);
    if (!id) return id;
    if (Result<void> noted = audited(tx, {}, now, actor, "project.add", project.name); !noted)
      return fail(noted.error());
    return id;
  };
  Result<ProjectId> id = co_await store_.write(std::move(work));
  if (!id) co_return fail(id.error());
  co_return http::CreatedProject{*id, make_secret ? *input.hook_secret : Secret(),
                                 public_url_ + "/hooks/" + input.name};
}

awaitable<Result<void>> ProjectActions::update(http::ProjectInput input, http::Actor actor) {
  Result<Change> change = change_of(std::move(input));
  if (!change) co_return fail(change.error());
  // Read and written in one transaction: what somebody else changes meanwhile stays.
  auto work = [change = std::move(*change), actor, now = clock_.now()](store::Transaction& tx) -> Result<void> {
    store::Projects projects(tx);
    Result<store::Project> project = projects.find(change.input.name);
    if (!project) return fail(project.error());
    if (Result<void> applied = apply(*project, change); !applied) return applied;
    return audited(tx, projects.update(*project), now, actor, "project.update", project->name);
  };
  co_return co_await store_.write(std::move(work));
}

awaitable<Result<void>> ProjectActions::remove(std::string name, http::Actor actor) {
  auto work = [name, actor, now = clock_.now()](store::Transaction& tx) -> Result<void> {
    store::Projects projects(tx);
    Result<store::Project> project = projects.find(name);
    if (!project) return fail(project.error());
    return audited(tx, projects.remove(project->id, now), now, actor, "project.remove", name);
  };
  co_return co_await store_.write(std::move(work));
}

awaitable<Result<void>> ProjectActions::set_secret(std::string project, std::string name, Secret value,
                                                   http::Actor actor) {
  if (!store::is_secret_name(name)) {
    co_return fail(Error::Kind::invalid, "'" + name + "' is no secret name",
                   "letters, digits and '_', not beginning with a digit");
  }
  if (value.empty() || value.reveal().size() > max_secret) {
    co_return fail(Error::Kind::invalid, "a secret is 1 byte to 64 KiB");
  }
  const std::string sealed_value = vault_.seal(value, project, sealed::secret(name));
  auto work = [=, now = clock_.now()](store::Transaction& tx) -> Result<void> {
    store::Projects projects(tx);
    Result<store::Project> owner = projects.find(project);
    if (!owner) return fail(owner.error());
    return audited(tx, projects.set_secret({owner->id, name, sealed_value, now}), now, actor, "secret.set",
                   project + "/" + name);
  };
  co_return co_await store_.write(std::move(work));
}

awaitable<Result<void>> ProjectActions::remove_secret(std::string project, std::string name, http::Actor actor) {
  auto work = [=, now = clock_.now()](store::Transaction& tx) -> Result<void> {
    store::Projects projects(tx);
    Result<store::Project> owner = projects.find(project);
    if (!owner) return fail(owner.error());
    return audited(tx, projects.remove_secret(owner->id, name), now, actor, "secret.remove", project + "/" + name);
  };
  co_return co_await store_.write(std::move(work));
}

}  // namespace slipway::daemon
