#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/app_wish.hpp"
#include "cli/listing.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> app_redeploy(Session& session, const std::string& app, bool recreate, bool wait) {
  const Result<Json> asked = post_to_app(session, app, "redeploy", {{"recreate", recreate}});
  if (!asked) return fail(asked.error());
  const std::int64_t id = number_at(*asked, "id");
  const std::string said = fmt::format("rollout {} brings the promoted generation of {} to its hosts again", id, app);
  if (!wait) return print_done(session, asked, said);
  tell(session, said);
  return wait_for_rollout(session, id);
}

}  // namespace

void add_app_redeploy(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand(
      "redeploy", "the promoted generation once more, with secrets as they are now; waits for it");
  auto app = std::make_shared<std::string>();
  auto recreate = std::make_shared<bool>(false);
  auto detach = std::make_shared<bool>(false);
  verb->add_option("APP", *app, "the application")->required();
  verb->add_flag("--recreate", *recreate, "replace containers that are as they should be, too");
  verb->add_flag("-d,--detach", *detach, "do not wait");
  add_output_flags(*verb, session);
  verb->callback(
      [&session, app, recreate, detach] { session.finish(app_redeploy(session, *app, *recreate, !*detach)); });
}

}  // namespace slipway::cli
