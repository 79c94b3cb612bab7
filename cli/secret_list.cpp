#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> secret_list(Session& session) {
  const Result<std::string> project = session.project();
  if (!project) return fail(project.error());
  const auto fill = [](Table& table, const Json& name) {
    table.add({name.is_string() ? name.get<std::string>() : ""});
  };
  return print_list(session, "/api/v1/projects/" + segment(*project) + "/secrets", {}, Table({"SECRET"}), fill,
                    "no secrets");
}

}  // namespace

void add_secret_list(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("list", "names of a project's secrets; values never leave the daemon");
  add_project_flag(*verb, session);
  add_output_flags(*verb, session);
  verb->callback([&session] { session.finish(secret_list(session)); });
}

}  // namespace slipway::cli
