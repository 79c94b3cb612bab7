#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/app_wish.hpp"
#include "cli/listing.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> app_resume(Session& session, const std::string& app) {
  const Result<Json> asked = post_to_app(session, app, "resume", Json::object());
  if (!asked) return fail(asked.error());
  return print_done(session, asked, fmt::format("rollout {} of {} goes on", number_at(*asked, "id"), app));
}

}  // namespace

void add_app_resume(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("resume", "let a paused rollout go on");
  auto app = std::make_shared<std::string>();
  verb->add_option("APP", *app, "the application")->required();
  add_output_flags(*verb, session);
  verb->callback([&session, app] { session.finish(app_resume(session, *app)); });
}

}  // namespace slipway::cli
