#include "orchestrator/store/projects.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/store/query.hpp"

namespace slipway::store {

namespace {

const std::string kSelectProjects =
    "SELECT id, name, clone_url, forge, default_branch, settings, clone_username, sealed_clone_password, "
    "sealed_clone_ssh_key, sealed_hook_secret, sealed_forge_token, created FROM projects ";

std::string text_of(const ProjectSettings& settings) {
  return dump_json({{"pipeline_file", settings.pipeline_file},
                    {"forge_url", settings.forge_url},
                    {"forks", name_of(settings.forks)},
                    {"supersede", settings.supersede},
                    {"allow_unsigned", settings.allow_unsigned},
                    {"max_runs", settings.max_runs}});
}

ProjectSettings settings_of(const std::string& text) {
  const auto json = parse_json(text);
  ProjectSettings settings;
  if (!json) return settings;
  settings.pipeline_file = text_at(*json, "pipeline_file", settings.pipeline_file);
  settings.forge_url = text_at(*json, "forge_url");
  settings.forks = from_name<ForkPolicy>(text_at(*json, "forks")).value_or(settings.forks);
  settings.supersede = flag_at(*json, "supersede");
  settings.allow_unsigned = flag_at(*json, "allow_unsigned");
  settings.max_runs = static_cast<int>(number_at(*json, "max_runs"));
  return settings;
}

Project project_of(const Row& row) {
  Project p;
  std::string settings;
  row.into(p.id, p.name, p.clone_url, p.forge, p.default_branch, settings, p.clone_username, p.sealed_clone_password,
           p.sealed_clone_ssh_key, p.sealed_hook_secret, p.sealed_forge_token, p.created);
  p.settings = settings_of(settings);
  return p;
}

ProjectSecret secret_of(const Row& row) {
  ProjectSecret s;
  row.into(s.project, s.name, s.sealed, s.updated);
  return s;
}

ProjectSecret former_of(const Row& row) {
  ProjectSecret s;
  row.into(s.project, s.name, s.sealed);
  return s;
}

bool lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool word(char c) {
  return lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace

bool is_project_name(std::string_view name) {
  const auto allowed = [](char c) { return lower_or_digit(c) || c == '-' || c == '_' || c == '.'; };
  return !name.empty() && name.size() <= 63 && lower_or_digit(name.front()) && std::ranges::all_of(name, allowed);
}

bool is_secret_name(std::string_view name) {
  const bool digit_first = !name.empty() && name.front() >= '0' && name.front() <= '9';
  return !name.empty() && name.size() <= 128 && !digit_first && std::ranges::all_of(name, word);
}

Result<ProjectId> Projects::add(Project project) {
  if (!is_project_name(project.name)) {
    return fail(Error::Kind::invalid, "'" + project.name + "' can't be a project's name",
                "use up to 63 of a-z, 0-9, '-', '_' and '.', a letter or digit first");
  }
  if (find(project.name)) return fail(Error::Kind::conflict, "there is a project " + project.name + " already");
  const auto id =
      number(tx_,
             "INSERT INTO projects (name, clone_url, forge, default_branch, settings, clone_username, "
             "sealed_clone_password, sealed_clone_ssh_key, sealed_hook_secret, sealed_forge_token, created) "
             "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) RETURNING id",
             {project.name, project.clone_url, project.forge, project.default_branch, text_of(project.settings),
              project.clone_username, project.sealed_clone_password, project.sealed_clone_ssh_key,
              project.sealed_hook_secret, project.sealed_forge_token, project.created});
  tx_.run(
      "UPDATE applications SET project = ?1 WHERE project IN "
      "(SELECT id FROM projects WHERE name = ?2 AND removed IS NOT NULL)",
      {*id, project.name});
  tx_.mark("project.added");
  return ProjectId(*id);
}

Result<void> Projects::update(Project project) {
  const auto changed = tx_.run(
      "UPDATE projects SET clone_url = ?2, forge = ?3, default_branch = ?4, settings = ?5, "
      "clone_username = ?6, sealed_clone_password = ?7, sealed_clone_ssh_key = ?8, sealed_hook_secret = ?9, "
      "sealed_forge_token = ?10 WHERE id = ?1 AND removed IS NULL",
      {project.id, project.clone_url, project.forge, project.default_branch, text_of(project.settings),
       project.clone_username, project.sealed_clone_password, project.sealed_clone_ssh_key, project.sealed_hook_secret,
       project.sealed_forge_token});
  if (changed == 0) return fail(Error::Kind::not_found, "no project " + to_string(project.id));
  tx_.mark("project.updated");
  return {};
}

Result<void> Projects::remove(ProjectId id, Time at) {
  if (number(tx_, "SELECT 1 FROM runs WHERE project = ?1 AND state <> 'finished'", {id})) {
    return fail(Error::Kind::conflict, "a run of the project has not finished", "cancel its runs first");
  }
  std::string busy;
  tx_.run(
      "SELECT application FROM rollouts WHERE ended = 0 AND "
      "application IN (SELECT name FROM applications WHERE project = ?1) ORDER BY id LIMIT 1",
      {id}, [&](const Row& row) { row.into(busy); });
  if (!busy.empty()) {
    return fail(Error::Kind::conflict, "a rollout of its application " + busy + " has not ended",
                "wait for its end, or end it: slipway app stop " + busy);
  }
  const auto changed = tx_.run(
      "UPDATE projects SET removed = ?2, sealed_clone_password = '', sealed_clone_ssh_key = '', "
      "sealed_hook_secret = '', sealed_forge_token = '' WHERE id = ?1 AND removed IS NULL",
      {id, at});
  if (changed == 0) return fail(Error::Kind::not_found, "no project " + to_string(id));
  for (const char* table : {"project_secrets", "former_secrets"}) {
    tx_.run(std::string("DELETE FROM ") + table + " WHERE project = ?1", {id});
  }
  tx_.mark("project.removed");
  return {};
}

Result<Project> Projects::get(ProjectId id) const {
  return one(tx_, kSelectProjects + "WHERE id = ?1", {id}, project_of, "project " + to_string(id));
}

Result<Project> Projects::find(std::string name) const {
  return one(tx_, kSelectProjects + "WHERE name = ?1 AND removed IS NULL", {name}, project_of, "project " + name);
}

Result<std::vector<Project>> Projects::list() const {
  return rows(tx_, kSelectProjects + "WHERE removed IS NULL ORDER BY name", {}, project_of);
}

Result<void> Projects::set_secret(ProjectSecret secret) {
  if (!is_secret_name(secret.name)) {
    return fail(Error::Kind::invalid, "'" + secret.name + "' can't be a secret's name",
                "use up to 128 letters, digits and '_', no digit first");
  }
  keep_former(secret.project, secret.name);
  tx_.run(
      "INSERT INTO project_secrets (project, name, sealed, updated) VALUES (?1, ?2, ?3, ?4) "
      "ON CONFLICT (project, name) DO UPDATE SET sealed = excluded.sealed, updated = excluded.updated",
      {secret.project, secret.name, secret.sealed, secret.updated});
  tx_.mark("secret.set");
  return {};
}

/// Runs that have not begun are given what there is when they do.
void Projects::keep_former(ProjectId project, const std::string& name) {
  tx_.run(
      "INSERT INTO former_secrets (project, name, sealed, last_run) "
      "SELECT s.project, s.name, s.sealed, max(r.id) FROM project_secrets s JOIN runs r ON r.project = s.project "
      "WHERE s.project = ?1 AND s.name = ?2 AND r.state <> 'finished' AND r.state IN ('preparing', 'running') "
      "GROUP BY s.project, s.name",
      {project, name});
}

Result<void> Projects::remove_secret(ProjectId project, std::string name) {
  keep_former(project, name);
  if (tx_.run("DELETE FROM project_secrets WHERE project = ?1 AND name = ?2", {project, name}) == 0) {
    return fail(Error::Kind::not_found, "no secret " + name);
  }
  tx_.mark("secret.removed");
  return {};
}

Result<std::vector<ProjectSecret>> Projects::secrets(ProjectId project) const {
  return rows(tx_, "SELECT project, name, sealed, updated FROM project_secrets WHERE project = ?1 ORDER BY name",
              {project}, secret_of);
}

Result<std::vector<ProjectSecret>> Projects::former_secrets(ProjectId project) const {
  return rows(tx_, "SELECT project, name, sealed FROM former_secrets WHERE project = ?1 ORDER BY id", {project},
              former_of);
}

}  // namespace slipway::store
