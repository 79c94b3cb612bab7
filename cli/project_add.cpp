#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/project_options.hpp"
#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> project_add(Session& session, const ProjectOptions& options) {
  Result<Json> body = project_body(options);
  if (!body) return fail(body.error());
  (*body)["name"] = options.name;
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Result<Json> made = (*api)->post("/api/v1/projects", *body);
  if (!made) return fail(made.error());
  if (session.output.json) {
    if (Result<void> printed = print_json(*made, session.output); !printed) return fail(printed.error());
    return Exit::ok;
  }
  fmt::print("hook URL     {}\n", text_at(*made, "hook_url"));
  const std::string secret = text_at(*made, "hook_secret");
  if (!secret.empty()) fmt::print("hook secret  {}   (shown this once)\n", secret);
  tell(session, "set both in the forge; then each push makes a run");
  return Exit::ok;
}

}  // namespace

void add_project_add(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("add", "register a repository; prints the webhook's URL and secret");
  auto options = std::make_shared<ProjectOptions>();
  verb->add_option("NAME", options->name, "a-z, 0-9, '-', '_', '.'")->required();
  verb->add_option("--clone-url", options->clone_url, "https://, ssh:// or user@host:path; without credentials")
      ->required();
  add_project_options(*verb, *options);
  add_output_flags(*verb, session);
  verb->callback([&session, options] { session.finish(project_add(session, *options)); });
}

}  // namespace slipway::cli
