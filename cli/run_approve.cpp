#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/run_ref.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> run_approve(Session& session, const RunRef& ref) {
  const Result<std::int64_t> number = find_run(session, ref);
  if (!number) return fail(number.error());
  const Result<Json> answer = (*session.api())->post(fmt::format("/api/v1/runs/{}/approve", *number), Json::object());
  return print_done(session, answer, fmt::format("run {} goes on", *number));
}

}  // namespace

void add_run_approve(CLI::App& parent, Session& session) {
  CLI::App* verb =
      parent.add_subcommand("approve", "let a run go on that waits for an approval (a pull request from a fork)");
  auto ref = add_run_ref(*verb, session);
  add_output_flags(*verb, session);
  verb->callback([&session, ref] { session.finish(run_approve(session, *ref)); });
}

}  // namespace slipway::cli
