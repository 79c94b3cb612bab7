#include <filesystem>

#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "cli/app_hosts.hpp"
#include "cli/assignments.hpp"
#include "cli/number_check.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

struct AdoptOptions {
  std::string name, project, compose, group;
  std::int64_t generation = 0;
  std::vector<std::string> variables, files;
};

/// From what slipway wrote on the hosts.
Result<Exit> from_records(Session& session, const AdoptOptions& options) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  Json body = Json::object();
  if (!options.project.empty()) body["project"] = options.project;
  if (options.generation != 0) body["generation"] = options.generation;
  const Result<Json> app = (*api)->post("/api/v1/apps/" + segment(options.name) + "/adopt", body);
  if (!app) return fail(app.error());
  if (Result<void> printed = print_app_status(*app, session.output); !printed) return fail(printed.error());
  return Exit::ok;
}

Result<Json> takeover_of(Session& session, const AdoptOptions& options) {
  if (options.project.empty()) {
    return fail(session.misuse(
        {Error::Kind::invalid, "whose application will it be?", "--project NAME, as in `slipway project list`"}));
  }
  const Result<std::string> compose = read_file(options.compose);
  if (!compose) return fail(compose.error());
  Json body = {{"project", options.project}, {"compose", *compose}, {"path", options.compose}};
  if (!options.group.empty()) body["group"] = options.group;
  const auto variables = assignments(options.variables, "--variable TAG=1.4");
  if (!variables) return fail(session.misuse(variables.error()));
  if (!variables->empty()) body["variables"] = *variables;
  const auto folder = std::filesystem::path(options.compose).parent_path();
  for (const std::string& file : options.files) {
    const Result<std::string> text = read_file(folder / file);
    if (!text) return fail(text.error());
    body["files"][file] = *text;
  }
  return body;
}

Result<Exit> from_compose(Session& session, const AdoptOptions& options) {
  const Result<Json> body = takeover_of(session, options);
  if (!body) return fail(body.error());
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Result<Json> taken = (*api)->post("/api/v1/apps/" + segment(options.name) + "/take-over", *body);
  if (!taken) return fail(taken.error());
  if (session.output.json) {
    if (Result<void> printed = print_json(*taken, session.output); !printed) return fail(printed.error());
    return Exit::ok;
  }
  if (auto printed = print_app_status(value_at(*taken, "status"), session.output); !printed) {
    return fail(printed.error());
  }
  const Json& notes = value_at(*taken, "notes");
  if (!notes.empty()) fmt::print("\nThe next deployment makes these anew, since they are not what the file says:\n");
  for (const Json& note : notes) {
    if (note.is_string()) fmt::print("  {}\n", harmless(note.get<std::string>()));
  }
  return Exit::ok;
}

}  // namespace

void add_app_adopt(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand(
      "adopt",
      "make an application of what runs on hosts: of what a daemon that lost its data had rolled out there, or of "
      "a project of Docker Compose; restarts nothing");
  auto options = std::make_shared<AdoptOptions>();
  verb->add_option("APP", options->name, "the application")->required();
  verb->add_option("--project", options->project, "whose it is, if not the project that its hosts name");
  auto* generation =
      verb->add_option("--generation", options->generation, "the promoted one, where the hosts do not agree");
  generation->check(number_check("a generation's number", ""));
  auto* compose =
      verb->add_option("--from-compose", options->compose,
                       "the Compose file, with x-slipway, of a project that `docker compose` runs on the hosts")
          ->type_name("FILE")
          ->excludes(generation);
  verb->add_option("--group", options->group, "the hosts, if not the file's x-slipway.targets")->needs(compose);
  verb->add_option("--variable", options->variables, "for ${NAME} in the file; again for more")
      ->type_name("NAME=VALUE")
      ->needs(compose);
  verb->add_option("--file", options->files,
                   "an env_file, secret or config that the file names, as it does; again for more")
      ->type_name("PATH")
      ->needs(compose);
  add_output_flags(*verb, session);
  verb->callback([&session, options] {
    session.finish(options->compose.empty() ? from_records(session, *options) : from_compose(session, *options));
  });
}

}  // namespace slipway::cli
