#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include "cli/app_hosts.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> app_adopt(Session& session, const std::string& name, const std::string& project, std::int64_t generation) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  Json body = Json::object();
  if (!project.empty()) body["project"] = project;
  if (generation != 0) body["generation"] = generation;
  const Result<Json> app = (*api)->post("/api/v1/apps/" + segment(name) + "/adopt", body);
  if (!app) return fail(app.error());
  if (Result<void> printed = print_app_status(*app, session.output); !printed) return fail(printed.error());
  return Exit::ok;
}

}  // namespace

void add_app_adopt(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand(
      "adopt", "rebuild an application whose daemon lost its data from what its hosts carry; touches nothing there");
  auto name = std::make_shared<std::string>();
  auto project = std::make_shared<std::string>();
  auto generation = std::make_shared<std::int64_t>(0);
  verb->add_option("APP", *name, "the application")->required();
  verb->add_option("--project", *project, "whose it is, if not the project that its hosts name");
  verb->add_option("--generation", *generation, "the promoted one, where the hosts do not agree")
      ->check(CLI::PositiveNumber);
  add_output_flags(*verb, session);
  verb->callback(
      [&session, name, project, generation] { session.finish(app_adopt(session, *name, *project, *generation)); });
}

}  // namespace slipway::cli
