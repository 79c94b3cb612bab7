#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/app_wish.hpp"
#include "cli/listing.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> app_promote(Session& session, const std::string& app, bool all, bool outside) {
  const Result<Json> asked = post_to_app(session, app, "promote", {{"all", all}, {"outside_window", outside}});
  if (!asked) return fail(asked.error());
  const char* how = outside ? "may begin outside of its window"
                    : all   ? "goes on to its end without waiting"
                            : "goes on";
  return print_done(session, asked, fmt::format("rollout {} of {} {}", number_at(*asked, "id"), app, how));
}

}  // namespace

void add_app_promote(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("promote", "end the pause or the baking that the rollout in work is in");
  auto app = std::make_shared<std::string>();
  auto all = std::make_shared<bool>(false);
  verb->add_option("APP", *app, "the application")->required();
  auto outside = std::make_shared<bool>(false);
  CLI::Option* all_flag = verb->add_flag("--all", *all, "leave out all those to come, too");
  verb->add_flag("--outside-window", *outside, "instead: let the rollout that waits for its window begin now")
      ->excludes(all_flag);
  add_output_flags(*verb, session);
  verb->callback([&session, app, all, outside] { session.finish(app_promote(session, *app, *all, *outside)); });
}

}  // namespace slipway::cli
