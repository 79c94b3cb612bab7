#include "cli/session.hpp"

#include <cstdio>

#include <CLI/App.hpp>
#include <fmt/format.h>

namespace slipway::cli {

Result<Api*> Session::api() {
  if (api_) return api_.get();
  Result<Settings> settings = load_settings(settings_path());
  if (!settings) return fail(settings.error());
  Result<Context> context = resolve(flags, *settings);
  if (!context) return fail(context.error());
  api_ = std::make_unique<Api>(std::move(*context));
  return api_.get();
}

Result<std::string> Session::project() {
  Result<std::string> name = resolve_project(flags);
  if (name && name->empty()) {
    return fail(misuse({Error::Kind::invalid, "which project?",
                        "--project NAME, SLIPWAY_PROJECT, or a file .slipway with the line 'project: NAME'"}));
  }
  return name;
}

Error Session::misuse(Error error) {
  misused_ = true;
  return error;
}

void Session::finish(const Result<Exit>& result) {
  if (result) {
    exit_ = *result;
    return;
  }
  exit_ = misused_ ? Exit::usage : exit_of(result.error());
  if (result.error().message.empty()) return;
  fmt::print(stderr, "slipway: {}\n", harmless(result.error().message));
  if (!result.error().hint.empty()) fmt::print(stderr, "         {}\n", harmless(result.error().hint));
}

void add_output_flags(CLI::App& verb, Session& session) {
  verb.add_option_function<std::string>(
          "--json",
          [&session](const std::string& fields) {
            session.output.json = true;
            session.output.fields = fields;
          },
          "print JSON; with FIELDS (a,b,c) only those")
      ->expected(0, 1)
      ->default_str("")
      ->type_name("FIELDS");
  verb.add_option_function<std::string>(
          "--jq",
          [&session](const std::string& program) {
            session.output.json = true;
            session.output.jq = program;
          },
          "print what this jq program makes of the JSON")
      ->type_name("PROGRAM");
}

void add_project_flag(CLI::App& verb, Session& session) {
  verb.add_option("-p,--project", session.flags.project, "the project (else SLIPWAY_PROJECT, else the file .slipway)")
      ->type_name("NAME");
}

void tell(const Session& session, std::string_view message) {
  if (!session.quiet) fmt::print(stderr, "{}\n", message);
}

}  // namespace slipway::cli
