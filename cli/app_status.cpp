#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

std::string short_digest(const std::string& digest) {
  const auto at = digest.find("sha256:");
  return at == std::string::npos ? digest : digest.substr(at + 7, 12);
}

void add_host(Table& table, const Json& host) {
  const std::string name = text_at(host, "host");
  const std::string state = text_at(host, "state");
  const Json& containers = value_at(host, "containers");
  if (!containers.is_array() || containers.empty()) {
    table.add({name, state, "", "", "", "", text_at(host, "reason")},
              {Style::strong, state == "ok" ? Style::good : Style::bad});
    return;
  }
  for (const Json& container : containers) {
    const std::string running = text_at(container, "state");
    const std::string health = text_at(container, "health");
    table.add({name, state, text_at(container, "service"), number_text(host, "generation"),
               short_digest(text_at(container, "digest")),
               health.empty() || health == "none" ? running : running + ", " + health, text_at(host, "reason")},
              {Style::strong, state == "ok" ? Style::good : Style::bad});
  }
}

Result<Exit> app_status(Session& session, const std::string& name) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Result<Json> app = (*api)->get("/api/v1/apps/" + segment(name));
  if (!app) return fail(app.error());
  if (session.output.json) {
    if (Result<void> printed = print_json(*app, session.output); !printed) return fail(printed.error());
    return Exit::ok;
  }
  fmt::print("{}  generation {}, {}\n", styled(Style::strong, name),
             (number_at(*app, "generation") ? number_text(*app, "generation") : "none"),
             styled(style_of(text_at(*app, "rollout_state")), text_at(*app, "rollout_state")));
  for (const auto& [service, image] : value_at(*app, "images").items()) {
    if (image.is_string()) fmt::print("  {}: {}\n", harmless(service), harmless(image.get<std::string>()));
  }
  Table table({"HOST", "STATE", "SERVICE", "GENERATION", "DIGEST", "CONTAINER", "WHY"});
  for (const Json& host : value_at(*app, "hosts")) add_host(table, host);
  if (!table.empty()) fmt::print("{}", table.render(stdout_is_terminal()));
  return Exit::ok;
}

}  // namespace

void add_app_status(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("status", "what should run and what does, host by host");
  auto name = std::make_shared<std::string>();
  verb->add_option("APP", *name, "the application")->required();
  add_output_flags(*verb, session);
  verb->callback([&session, name] { session.finish(app_status(session, *name)); });
}

}  // namespace slipway::cli
