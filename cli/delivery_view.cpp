#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/number_check.hpp"
#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> delivery_view(Session& session, std::int64_t id) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Result<Json> delivery = (*api)->get(fmt::format("/api/v1/deliveries/{}", id));
  if (!delivery) return fail(delivery.error());
  if (session.output.json) {
    if (Result<void> printed = print_json(*delivery, session.output); !printed) return fail(printed.error());
    return Exit::ok;
  }
  for (const auto& [key, value] : delivery->items()) {
    if (!value.is_null())
      fmt::print("{:<12} {}\n", key, harmless(value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return Exit::ok;
}

}  // namespace

void add_delivery_view(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("view", "one webhook delivery");
  auto id = std::make_shared<std::int64_t>(0);
  verb->add_option("DELIVERY", *id, "its number")
      ->required()
      ->check(number_check("a delivery's number", "slipway delivery list"));
  add_output_flags(*verb, session);
  verb->callback([&session, id] { session.finish(delivery_view(session, *id)); });
}

}  // namespace slipway::cli
