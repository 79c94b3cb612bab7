#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/app_wish.hpp"
#include "cli/listing.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> app_stop(Session& session, const std::string& app, bool roll_back) {
  const Result<Json> asked = post_to_app(session, app, "stop", {{"rollback", roll_back}});
  if (!asked) return fail(asked.error());
  const char* how = roll_back ? "goes back" : "ends after its present batch and leaves the hosts as they are";
  return print_done(session, asked, fmt::format("rollout {} of {} {}", number_at(*asked, "id"), app, how));
}

}  // namespace

void add_app_stop(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("stop", "end the rollout in work");
  auto app = std::make_shared<std::string>();
  auto roll_back = std::make_shared<bool>(true);
  verb->add_option("APP", *app, "the application")->required();
  verb->add_flag("--rollback,!--no-rollback", *roll_back,
                 "bring the hosts it has touched back (the default), or leave them as they are");
  add_output_flags(*verb, session);
  verb->callback([&session, app, roll_back] { session.finish(app_stop(session, *app, *roll_back)); });
}

}  // namespace slipway::cli
