#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/assignments.hpp"
#include "cli/run_ref.hpp"
#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

struct TriggerOptions {
  std::string ref, commit;
  std::vector<std::string> parameters;
};

Result<Json> request_of(Session& session, const TriggerOptions& options) {
  Json body = Json::object();
  if (!options.ref.empty()) body["ref"] = options.ref;
  if (!options.commit.empty()) {
    const Result<std::string> commit = resolve_commit(options.commit);
    if (!commit) return fail(commit.error());
    body["commit"] = *commit;
  }
  const auto parameters = assignments(options.parameters, "-P env=staging");
  if (!parameters) return fail(session.misuse(parameters.error()));
  if (!parameters->empty()) body["parameters"] = *parameters;
  return body;
}

Result<Exit> trigger(Session& session, const TriggerOptions& options) {
  const Result<std::string> project = session.project();
  if (!project) return fail(project.error());
  const Result<Json> body = request_of(session, options);
  if (!body) return fail(body.error());
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Result<Json> made = (*api)->post("/api/v1/projects/" + segment(*project) + "/runs", *body);
  if (!made) return fail(made.error());
  if (session.output.json) {
    if (Result<void> printed = print_json(*made, session.output); !printed) return fail(printed.error());
  } else {
    fmt::print("{}\n", number_at(*made, "id"));
  }
  return Exit::ok;
}

}  // namespace

void add_trigger(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("trigger", "run a project's pipeline by hand; prints the run's number");
  auto options = std::make_shared<TriggerOptions>();
  add_project_flag(*verb, session);
  verb->add_option("--ref", options->ref, "a branch, or a tag as refs/tags/NAME (else the default branch)");
  verb->add_option("--commit", options->commit,
                   "a whole commit id, or a name that git knows here (else what the ref points to)");
  verb->add_option("-P,--parameter", options->parameters, "NAME=VALUE of the file's parameters; again for more")
      ->type_name("NAME=VALUE");
  add_output_flags(*verb, session);
  verb->callback([&session, options] { session.finish(trigger(session, *options)); });
}

}  // namespace slipway::cli
