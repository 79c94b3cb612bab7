#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {

void add_project_list(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("list", "registered projects");
  add_output_flags(*verb, session);
  verb->callback([&session] {
    const auto fill = [](Table& table, const Json& project) {
      table.add({text_at(project, "name"), text_at(project, "forge"), text_at(project, "default_branch"),
                 text_at(project, "clone_url")},
                {Style::strong});
    };
    session.finish(print_list(session, "/api/v1/projects", {}, Table({"PROJECT", "FORGE", "BRANCH", "CLONE URL"}), fill,
                              "no projects yet: slipway project add NAME --clone-url URL"));
  });
}

}  // namespace slipway::cli
