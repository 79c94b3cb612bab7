#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/project_options.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> project_edit(Session& session, const ProjectOptions& options) {
  const Result<Json> body = project_body(options);
  if (!body) return fail(body.error());
  if (body->empty()) {
    return fail(
        session.misuse({Error::Kind::invalid, "nothing to change", "see slipway project edit --help for what can be"}));
  }
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  return print_done(session, (*api)->patch("/api/v1/projects/" + segment(options.name), *body),
                    "project '" + options.name + "' is changed");
}

}  // namespace

void add_project_edit(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("edit", "change what is given; runs that have begun go on as they are");
  auto options = std::make_shared<ProjectOptions>();
  verb->add_option("NAME", options->name, "the project")->required();
  verb->add_option("--clone-url", options->clone_url, "https://, ssh:// or user@host:path; without credentials");
  add_project_options(*verb, *options);
  add_output_flags(*verb, session);
  verb->callback([&session, options] { session.finish(project_edit(session, *options)); });
}

}  // namespace slipway::cli
