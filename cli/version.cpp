#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

/// The daemon's version is asked for, but a daemon that can't be reached is no error of this verb.
Result<Exit> version(Session& session) {
  Json versions = {{"client", SLIPWAY_VERSION}, {"daemon", nullptr}};
  if (const Result<Api*> api = session.api()) {
    const Result<Json> answer = (*api)->get("/api/v1/version");
    if (answer) versions["daemon"] = text_at(*answer, "version");
  }
  if (session.output.json) {
    if (Result<void> printed = print_json(versions, session.output); !printed) return fail(printed.error());
    return Exit::ok;
  }
  fmt::print("slipway {}\n", SLIPWAY_VERSION);
  if (versions["daemon"].is_string()) fmt::print("slipwayd {}\n", versions["daemon"].get<std::string>());
  return Exit::ok;
}

}  // namespace

void add_version(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("version", "version of this program and of the daemon");
  add_output_flags(*verb, session);
  verb->callback([&session] { session.finish(version(session)); });
}

}  // namespace slipway::cli
