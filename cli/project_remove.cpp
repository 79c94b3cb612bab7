#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> project_remove(Session& session, const std::string& name) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  return print_done(session, (*api)->remove("/api/v1/projects/" + segment(name)), "project '" + name + "' is removed");
}

}  // namespace

void add_project_remove(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("remove", "forget a project with its secrets; what it rolled out stays");
  auto name = std::make_shared<std::string>();
  verb->add_option("NAME", *name, "the project")->required();
  add_output_flags(*verb, session);
  verb->callback([&session, name] { session.finish(project_remove(session, *name)); });
}

}  // namespace slipway::cli
