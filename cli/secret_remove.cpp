#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> secret_remove(Session& session, const std::string& name) {
  const Result<std::string> project = session.project();
  if (!project) return fail(project.error());
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Result<Json> done = (*api)->remove("/api/v1/projects/" + segment(*project) + "/secrets/" + segment(name));
  return print_done(session, done, "secret '" + name + "' of " + *project + " is removed");
}

}  // namespace

void add_secret_remove(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("remove", "remove a secret");
  auto name = std::make_shared<std::string>();
  verb->add_option("NAME", *name, "the secret")->required();
  add_project_flag(*verb, session);
  add_output_flags(*verb, session);
  verb->callback([&session, name] { session.finish(secret_remove(session, *name)); });
}

}  // namespace slipway::cli
