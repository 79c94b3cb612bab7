#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {

void add_delivery_list(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("list", "webhooks that came in, newest first, and what was decided");
  auto limit = std::make_shared<int>(20);
  add_project_flag(*verb, session);
  add_limit_flag(*verb, *limit);
  add_output_flags(*verb, session);
  verb->callback([&session, limit] {
    const auto fill = [](Table& table, const Json& delivery) {
      const std::string decision = text_at(delivery, "decision");
      table.add({std::to_string(number_at(delivery, "id")), decision, text_at(delivery, "project"),
                 text_at(delivery, "source"), text_at(delivery, "event"), number_text(delivery, "run"),
                 time_ago(text_at(delivery, "received_at")), text_at(delivery, "reason")},
                {Style::strong, style_of(decision)});
    };
    const Result<std::string> project = resolve_project(session.flags);
    if (!project) return session.finish(fail(project.error()));
    session.finish(print_list(session, "/api/v1/deliveries", {{"project", *project}, {"limit", std::to_string(*limit)}},
                              Table({"DELIVERY", "DECISION", "PROJECT", "SOURCE", "EVENT", "RUN", "WHEN", "WHY"}), fill,
                              "no deliveries"));
  });
}

}  // namespace slipway::cli
