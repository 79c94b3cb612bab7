#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {

void add_token_list(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("list", "API tokens, without their values");
  add_output_flags(*verb, session);
  verb->callback([&session] {
    const auto fill = [](Table& table, const Json& token) {
      std::string roles = text_at(token, "role");
      for (const Json& role : value_at(token, "roles")) roles += "," + role.get<std::string>();
      table.add({std::to_string(number_at(token, "id")), text_at(token, "name"), roles,
                 time_ago(text_at(token, "created_at")), time_ago(text_at(token, "last_used_at")),
                 text_at(token, "expires_at")},
                {Style::strong});
    };
    session.finish(print_list(session, "/api/v1/tokens", {}, Table({"ID", "NAME", "ROLE", "MADE", "USED", "EXPIRES"}),
                              fill, "no tokens"));
  });
}

}  // namespace slipway::cli
