#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/app_wish.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> app_rollback(Session& session, const std::string& app, bool force, bool wait) {
  const Result<std::int64_t> id = post_to_app(session, app, "rollback", {{"force", force}});
  if (!id) return fail(id.error());
  tell(session, fmt::format("rollout {} brings {} back to the generation before", *id, app));
  return wait ? wait_for_rollout(session, app, *id, true) : Exit::ok;
}

}  // namespace

void add_app_rollback(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("rollback", "back to the generation promoted before; waits for it");
  auto app = std::make_shared<std::string>();
  auto force = std::make_shared<bool>(false);
  auto detach = std::make_shared<bool>(false);
  verb->add_option("APP", *app, "the application")->required();
  verb->add_flag("--force", *force, "past a contract migration, too: the earlier version may not cope with the data");
  verb->add_flag("-d,--detach", *detach, "do not wait");
  verb->callback([&session, app, force, detach] { session.finish(app_rollback(session, *app, *force, !*detach)); });
}

}  // namespace slipway::cli
