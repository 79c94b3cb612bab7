#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/app_wish.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> app_promote(Session& session, const std::string& app, bool all) {
  const Result<std::int64_t> id = post_to_app(session, app, "promote", {{"all", all}});
  if (!id) return fail(id.error());
  tell(session, fmt::format("rollout {} of {} goes on{}", *id, app, all ? " to its end without waiting" : ""));
  return Exit::ok;
}

}  // namespace

void add_app_promote(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("promote", "end the pause or the baking that the rollout in work is in");
  auto app = std::make_shared<std::string>();
  auto all = std::make_shared<bool>(false);
  verb->add_option("APP", *app, "the application")->required();
  verb->add_flag("--all", *all, "leave out all those to come, too");
  verb->callback([&session, app, all] { session.finish(app_promote(session, *app, *all)); });
}

}  // namespace slipway::cli
