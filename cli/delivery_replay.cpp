#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/number_check.hpp"
#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> delivery_replay(Session& session, std::int64_t id) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Result<Json> answer = (*api)->post(fmt::format("/api/v1/deliveries/{}/replay", id), Json::object());
  if (!answer) return fail(answer.error());
  if (session.output.json) {
    if (Result<void> printed = print_json(*answer, session.output); !printed) return fail(printed.error());
    return Exit::ok;
  }
  const std::int64_t run = number_at(*answer, "run");
  fmt::print("{}{}  {}\n", text_at(*answer, "decision"), run ? fmt::format(": run {}", run) : "",
             harmless(text_at(*answer, "reason")));
  return Exit::ok;
}

}  // namespace

void add_delivery_replay(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("replay", "decide anew on a delivery that was kept");
  auto id = std::make_shared<std::int64_t>(0);
  verb->add_option("DELIVERY", *id, "its number")
      ->required()
      ->check(number_check("a delivery's number", "slipway delivery list"));
  add_output_flags(*verb, session);
  verb->callback([&session, id] { session.finish(delivery_replay(session, *id)); });
}

}  // namespace slipway::cli
