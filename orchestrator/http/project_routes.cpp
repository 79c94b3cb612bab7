#include <nlohmann/json.hpp>

#include "orchestrator/http/backend.hpp"
#include "orchestrator/http/input.hpp"
#include "orchestrator/http/page.hpp"
#include "orchestrator/http/render.hpp"

namespace slipway::http {
namespace {

awaitable<Result<Response>> list_projects(Backend& backend) {
  const auto projects = co_await backend.store.read(&store::Projects::list);
  if (!projects) co_return fail(projects.error());
  Json rows = Json::array();
  for (const store::Project& project : *projects) rows.push_back(render(project, backend.public_url));
  co_return json_response(render_page(std::move(rows), 0));
}

awaitable<Result<Response>> show_project(Backend& backend, std::string name) {
  const Result<store::Project> project = co_await backend.store.read(&store::Projects::find, std::move(name));
  if (!project) co_return fail(project.error());
  co_return json_response(render(*project, backend.public_url));
}

Result<ProjectInput> read_project(const Request& request) {
  Result<Input> input = Input::of(request);
  if (!input) return fail(input.error());
  ProjectInput project;
  project.name = input->text("name", 63).value_or("");
  project.clone_url = input->text("clone_url", 2048);
  project.default_branch = input->text("default_branch", 240);
  project.pipeline_file = input->text("pipeline_file", 1024);
  project.forge = input->text("forge", 20);
  project.forge_url = input->text("forge_url", 2048);
  project.forge_token = input->secret("forge_token");
  project.hook_secret = input->secret("hook_secret");
  project.clone_username = input->text("clone_username", 255);
  project.clone_password = input->secret("clone_password");
  project.clone_ssh_key = input->secret("clone_ssh_key");
  project.fork_policy = input->text("fork_policy", 20);
  project.supersede = input->flag("supersede");
  project.allow_unsigned = input->flag("allow_unsigned");
  const auto max_runs = input->number("max_runs", 0, 1000);
  if (max_runs) project.max_runs = static_cast<int>(*max_runs);
  if (Result<void> read = input->finish(); !read) return fail(read.error());
  if (project.forge && !store::from_name<store::Forge>(*project.forge)) {
    return fail(Error::Kind::invalid, "forge can't be '" + *project.forge + "'",
                "none, github, gitlab, gitea, forgejo or bitbucket");
  }
  if (project.fork_policy && !store::from_name<store::ForkPolicy>(*project.fork_policy)) {
    return fail(Error::Kind::invalid, "fork_policy can't be '" + *project.fork_policy + "'", "run, approve or ignore");
  }
  return project;
}

awaitable<Result<Response>> add_project(Backend& backend, Request request) {
  Result<ProjectInput> project = read_project(request);
  if (!project) co_return fail(project.error());
  if (!store::is_project_name(project->name)) {
    co_return fail(Error::Kind::invalid, "'" + project->name + "' can't be a project's name",
                   "lower-case letters, digits, '-', '_' and '.', at most 63, a letter or digit first");
  }
  if (!project->clone_url || project->clone_url->empty()) co_return fail(Error::Kind::invalid, "clone_url is missing");
  const std::string name = project->name;
  Result<CreatedProject> made = co_await backend.actions.add_project(std::move(*project), request.caller.name);
  if (!made) co_return fail(made.error());
  const Json shown = {
      {"name", name}, {"hook_url", hook_url(backend.public_url, name)}, {"hook_secret", made->hook_secret.reveal()}};
  co_return json_response(shown, 201);
}

awaitable<Result<Response>> update_project(Backend& backend, Request request) {
  Result<ProjectInput> project = read_project(request);
  if (!project) co_return fail(project.error());
  project->name = request.parameter("project");
  const std::string name = project->name;
  const Result<void> done = co_await backend.actions.update_project(std::move(*project), request.caller.name);
  if (!done) co_return fail(done.error());
  co_return co_await show_project(backend, name);
}

awaitable<Result<Response>> remove_project(Backend& backend, Request request) {
  const Result<void> done = co_await backend.actions.remove_project(request.parameter("project"), request.caller.name);
  if (!done) co_return fail(done.error());
  co_return json_response({{"status", "ok"}});
}

awaitable<Result<Response>> list_secrets(Backend& backend, Request request) {
  const Result<store::Project> project =
      co_await backend.store.read(&store::Projects::find, request.parameter("project"));
  if (!project) co_return fail(project.error());
  const auto secrets = co_await backend.store.read(&store::Projects::secrets, project->id);
  if (!secrets) co_return fail(secrets.error());
  Json names = Json::array();
  for (const store::ProjectSecret& secret : *secrets) names.push_back(secret.name);
  co_return json_response({{"items", std::move(names)}});
}

awaitable<Result<Response>> set_secret(Backend& backend, Request request) {
  Result<Input> input = Input::of(request);
  if (!input) co_return fail(input.error());
  std::optional<Secret> value = input->secret("value");
  if (Result<void> read = input->finish(); !read) co_return fail(read.error());
  const std::string name = request.parameter("secret");
  if (!store::is_secret_name(name)) {
    co_return fail(Error::Kind::invalid, "'" + name.substr(0, 60) + "' can't be a secret's name",
                   "letters, digits and '_', no digit first");
  }
  if (!value || value->empty()) co_return fail(Error::Kind::invalid, "value is missing");
  const Result<void> done =
      co_await backend.actions.set_secret(request.parameter("project"), name, std::move(*value), request.caller.name);
  if (!done) co_return fail(done.error());
  co_return json_response({{"status", "ok"}});
}

awaitable<Result<Response>> remove_secret(Backend& backend, Request request) {
  const Result<void> done = co_await backend.actions.remove_secret(request.parameter("project"),
                                                                   request.parameter("secret"), request.caller.name);
  if (!done) co_return fail(done.error());
  co_return json_response({{"status", "ok"}});
}

}  // namespace

void add_project_routes(Router& router, Backend& backend) {
  using store::Role;
  router.add({"GET", "/api/v1/projects", Role::viewer, [&](Request) { return list_projects(backend); }});
  router.add({"POST", "/api/v1/projects", Role::admin, [&](Request r) { return add_project(backend, std::move(r)); }});
  router.add({"GET", "/api/v1/projects/{project}", Role::viewer,
              [&](Request r) { return show_project(backend, r.parameter("project")); }});
  router.add({"PATCH", "/api/v1/projects/{project}", Role::admin,
              [&](Request r) { return update_project(backend, std::move(r)); }});
  router.add({"DELETE", "/api/v1/projects/{project}", Role::admin,
              [&](Request r) { return remove_project(backend, std::move(r)); }});
  router.add({"GET", "/api/v1/projects/{project}/secrets", Role::maintainer,
              [&](Request r) { return list_secrets(backend, std::move(r)); }});
  router.add({"PUT", "/api/v1/projects/{project}/secrets/{secret}", Role::maintainer,
              [&](Request r) { return set_secret(backend, std::move(r)); }});
  router.add({"DELETE", "/api/v1/projects/{project}/secrets/{secret}", Role::maintainer,
              [&](Request r) { return remove_secret(backend, std::move(r)); }});
}

}  // namespace slipway::http
