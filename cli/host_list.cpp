#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

std::string joined(const Json& words) {
  std::string text;
  for (const Json& word : words) {
    if (word.is_string()) text += (text.empty() ? "" : ",") + word.get<std::string>();
  }
  return text;
}

}  // namespace

void add_host_list(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("list", "target hosts and whether they answer");
  add_output_flags(*verb, session);
  verb->callback([&session] {
    const auto fill = [](Table& table, const Json& host) {
      const std::string state = text_at(host, "state");
      table.add({text_at(host, "name"), state, joined(value_at(host, "groups")), text_at(host, "engine_version"),
                 text_at(host, "endpoint"), text_at(host, "reason")},
                {Style::strong, state == "ok" ? Style::good : Style::bad});
    };
    session.finish(print_list(session, "/api/v1/hosts", {},
                              Table({"HOST", "STATE", "GROUPS", "ENGINE", "ENDPOINT", "WHY"}), fill,
                              "no hosts: declare them under 'hosts' in the daemon's settings"));
  });
}

}  // namespace slipway::cli
