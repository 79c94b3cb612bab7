#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/run_ref.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> run_cancel(Session& session, const RunRef& ref) {
  const Result<std::int64_t> number = find_run(session, ref);
  if (!number) return fail(number.error());
  const Result<Json> answer = (*session.api())->post(fmt::format("/api/v1/runs/{}/cancel", *number), Json::object());
  return print_done(session, answer, fmt::format("run {} is being cancelled", *number));
}

}  // namespace

void add_run_cancel(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("cancel", "stop a run");
  auto ref = add_run_ref(*verb, session);
  add_output_flags(*verb, session);
  verb->callback([&session, ref] { session.finish(run_cancel(session, *ref)); });
}

}  // namespace slipway::cli
