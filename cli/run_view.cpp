#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/notices.hpp"
#include "cli/run_ref.hpp"
#include "cli/run_text.hpp"
#include "cli/verbs.hpp"
#include "cli/wanted_logs.hpp"

namespace slipway::cli {
namespace {

/// All that is wrong with the run's pipeline file, of which its reason is the first; empty if that is not why it
/// failed.
std::string errors_of_file(const Api& api, const Json& run) {
  std::string text;
  const std::optional<WantedLog> report = report_of(run);
  if (!report) return text;
  const Result<void> came = api.download(report->path, {}, [&](std::string_view bytes) {
    text += bytes;
    return true;
  });
  return came && !text.empty() ? "\n" + harmless_log(text) : "";
}

Result<Exit> run_view(Session& session, const RunRef& ref) {
  const Result<std::int64_t> number = find_run(session, ref);
  if (!number) return fail(number.error());
  const Result<Json> run = (*session.api())->get(fmt::format("/api/v1/runs/{}", *number));
  if (!run) return fail(run.error());
  if (session.output.json) {
    if (Result<void> printed = print_json(*run, session.output); !printed) return fail(printed.error());
  } else {
    fmt::print("{}{}", describe_run(*run), errors_of_file(**session.api(), *run));
    if (text_at(*run, "state") != "finished") tell_notices(session);
  }
  return Exit::ok;
}

}  // namespace

void add_run_view(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("view", "one run with its jobs and steps");
  auto ref = add_run_ref(*verb, session);
  add_output_flags(*verb, session);
  verb->callback([&session, ref] { session.finish(run_view(session, *ref)); });
}

}  // namespace slipway::cli
