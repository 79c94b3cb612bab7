#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/run_ref.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> run_rerun(Session& session, const RunRef& ref, bool failed_only) {
  const Result<std::int64_t> number = find_run(session, ref);
  if (!number) return fail(number.error());
  const Result<Json> made =
      (*session.api())->post(fmt::format("/api/v1/runs/{}/rerun", *number), {{"failed_only", failed_only}});
  if (!made) return fail(made.error());
  if (session.output.json) {
    if (Result<void> printed = print_json(*made, session.output); !printed) return fail(printed.error());
  } else {
    fmt::print("{}\n", number_at(*made, "id"));
  }
  return Exit::ok;
}

}  // namespace

void add_run_rerun(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("rerun", "run the same commit again; prints the new run's number");
  auto ref = add_run_ref(*verb, session);
  auto failed_only = std::make_shared<bool>(false);
  verb->add_flag("--failed", *failed_only, "only what did not pass");
  add_output_flags(*verb, session);
  verb->callback([&session, ref, failed_only] { session.finish(run_rerun(session, *ref, *failed_only)); });
}

}  // namespace slipway::cli
