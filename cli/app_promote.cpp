#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/app_wish.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> app_promote(Session& session, const std::string& app, bool all, bool outside) {
  const Result<std::int64_t> id = post_to_app(session, app, "promote", {{"all", all}, {"outside_window", outside}});
  if (!id) return fail(id.error());
  if (outside) {
    tell(session, fmt::format("rollout {} of {} may begin outside of its window", *id, app));
    return Exit::ok;
  }
  tell(session, fmt::format("rollout {} of {} goes on{}", *id, app, all ? " to its end without waiting" : ""));
  return Exit::ok;
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
  verb->callback([&session, app, all, outside] { session.finish(app_promote(session, *app, *all, *outside)); });
}

}  // namespace slipway::cli
