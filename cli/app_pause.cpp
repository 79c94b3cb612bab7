#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/app_wish.hpp"
#include "cli/listing.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> app_pause(Session& session, const std::string& app) {
  const Result<Json> asked = post_to_app(session, app, "pause", Json::object());
  if (!asked) return fail(asked.error());
  return print_done(session, asked,
                    fmt::format("rollout {} of {} pauses after its present batch", number_at(*asked, "id"), app));
}

}  // namespace

void add_app_pause(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("pause", "halt the rollout in work after its present batch");
  auto app = std::make_shared<std::string>();
  verb->add_option("APP", *app, "the application")->required();
  add_output_flags(*verb, session);
  verb->callback([&session, app] { session.finish(app_pause(session, *app)); });
}

}  // namespace slipway::cli
