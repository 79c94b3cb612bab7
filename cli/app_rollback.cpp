#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/app_wish.hpp"
#include "cli/listing.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> app_rollback(Session& session, const std::string& app, bool force, bool wait) {
  const Result<Json> asked = post_to_app(session, app, "rollback", {{"force", force}});
  if (!asked) return fail(asked.error());
  const std::int64_t id = number_at(*asked, "id");
  const std::string said = fmt::format("rollout {} brings {} back to the generation before", id, app);
  if (!wait) return print_done(session, asked, said);
  tell(session, said);
  return wait_for_rollout(session, id, true);
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
  add_output_flags(*verb, session);
  verb->callback([&session, app, force, detach] { session.finish(app_rollback(session, *app, *force, !*detach)); });
}

}  // namespace slipway::cli
