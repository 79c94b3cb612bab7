#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

struct AppLogsOptions {
  std::string app, service, host;
  int tail = 100;
};

Result<Exit> app_logs(Session& session, const AppLogsOptions& options) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Result<Json> logs =
      (*api)->get("/api/v1/apps/" + segment(options.app) + "/logs",
                  {{"service", options.service}, {"host", options.host}, {"tail", std::to_string(options.tail)}});
  if (!logs) return fail(logs.error());
  for (const Json& one : value_at(*logs, "unread")) {
    fmt::print(stderr, "slipway: host {} can't be read: {}\n", text_at(one, "host"), text_at(one, "reason"));
  }
  const Exit whole = value_at(*logs, "unread").empty() ? Exit::ok : Exit::error;
  if (session.output.json) {
    if (Result<void> printed = print_json(value_at(*logs, "items"), session.output); !printed)
      return fail(printed.error());
    return whole;
  }
  for (const Json& line : value_at(*logs, "items")) {
    fmt::print("{} {}\n", styled(Style::faint, text_at(line, "host") + " " + text_at(line, "service")),
               stdout_is_terminal() ? harmless_log(text_at(line, "text")) : text_at(line, "text"));
  }
  return whole;
}

}  // namespace

void add_app_logs(CLI::App& parent, Session& session) {
  CLI::App* verb =
      parent.add_subcommand("logs", "the last lines that an application's containers wrote, secrets masked");
  auto options = std::make_shared<AppLogsOptions>();
  verb->add_option("APP", options->app, "the application")->required();
  verb->add_option("--service", options->service, "only of this service");
  verb->add_option("--host", options->host, "only of this host");
  verb->add_option("-n,--tail", options->tail, "lines per container")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  add_output_flags(*verb, session);
  verb->callback([&session, options] { session.finish(app_logs(session, *options)); });
}

}  // namespace slipway::cli
