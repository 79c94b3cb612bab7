#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include "cli/app_hosts.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> app_status(Session& session, const std::string& name) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Result<Json> app = (*api)->get("/api/v1/apps/" + segment(name));
  if (!app) return fail(app.error());
  if (Result<void> printed = print_app_status(*app, session.output); !printed) return fail(printed.error());
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
