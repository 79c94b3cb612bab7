#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include "cli/app_hosts.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> app_drift(Session& session, const std::string& name) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Result<Json> app = (*api)->post("/api/v1/apps/" + segment(name) + "/drift", Json::object());
  if (!app) return fail(app.error());
  if (Result<void> printed = print_app_status(*app, session.output); !printed) return fail(printed.error());
  return has_drift(*app) ? Exit::run_failed : Exit::ok;
}

}  // namespace

void add_app_drift(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand(
      "drift", "look now whether somebody changed the hosts by hand, and record it; exits with 3 if so");
  auto name = std::make_shared<std::string>();
  verb->add_option("APP", *name, "the application")->required();
  add_output_flags(*verb, session);
  verb->callback([&session, name] { session.finish(app_drift(session, *name)); });
}

}  // namespace slipway::cli
