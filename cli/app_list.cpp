#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {

void add_app_list(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("list", "applications and what was last promoted");
  add_output_flags(*verb, session);
  verb->callback([&session] {
    const auto fill = [](Table& table, const Json& app) {
      const std::string rollout = text_at(app, "rollout_state");
      table.add({text_at(app, "name"), text_at(app, "project"), number_text(app, "generation"), rollout,
                 time_ago(text_at(app, "promoted_at"))},
                {Style::strong, Style::plain, Style::plain, style_of(rollout)});
    };
    session.finish(print_list(session, "/api/v1/apps", {},
                              Table({"APP", "PROJECT", "GENERATION", "LAST ROLLOUT", "PROMOTED"}), fill,
                              "no applications yet: a 'deploy' job makes one"));
  });
}

}  // namespace slipway::cli
