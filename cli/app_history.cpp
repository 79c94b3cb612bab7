#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {

void add_app_history(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("history", "rollouts of an application, newest first");
  auto name = std::make_shared<std::string>();
  auto limit = std::make_shared<int>(20);
  verb->add_option("APP", *name, "the application")->required();
  add_limit_flag(*verb, *limit);
  add_output_flags(*verb, session);
  verb->callback([&session, name, limit] {
    const auto fill = [](Table& table, const Json& rollout) {
      const std::string state = text_at(rollout, "state");
      const Json& probes = value_at(rollout, "probes");
      const std::string dropped =
          probes.is_object() ? fmt::format("{}/{}", number_at(probes, "failures"), number_at(probes, "requests")) : "-";
      table.add({std::to_string(number_at(rollout, "id")), state, text_at(rollout, "kind"),
                 number_text(rollout, "generation"), number_text(rollout, "run"), text_at(rollout, "actor"),
                 duration_between(text_at(rollout, "started_at"), text_at(rollout, "ended_at")),
                 time_ago(text_at(rollout, "started_at")), dropped, text_at(rollout, "reason")},
                {Style::strong, style_of(state)});
    };
    session.finish(
        print_list(session, "/api/v1/apps/" + segment(*name) + "/history", {{"limit", std::to_string(*limit)}},
                   Table({"ROLLOUT", "STATE", "KIND", "GENERATION", "RUN", "BY", "TOOK", "WHEN", "DROPPED", "WHY"}),
                   fill, "no rollouts yet"));
  });
}

}  // namespace slipway::cli
