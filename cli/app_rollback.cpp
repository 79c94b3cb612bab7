#include <thread>

#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

using namespace std::chrono_literals;

bool ended(const std::string& state) {
  return state == "succeeded" || state == "rolled_back" || state == "rollback_failed" || state == "stopped" ||
         state == "failed";
}

Result<Json> find_rollout(const Api& api, const std::string& app, std::int64_t id) {
  const Result<Json> page = api.get("/api/v1/apps/" + segment(app) + "/history", {{"limit", "50"}});
  if (!page) return page;
  for (const Json& rollout : value_at(*page, "items")) {
    if (number_at(rollout, "id") == id) return rollout;
  }
  return fail(Error::Kind::not_found, fmt::format("rollout {} is not in the history of {}", id, app));
}

Result<Exit> app_rollback(Session& session, const std::string& app, bool wait) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Result<Json> made = (*api)->post("/api/v1/apps/" + segment(app) + "/rollback", Json::object());
  if (!made) return fail(made.error());
  const std::int64_t id = number_at(*made, "id");
  tell(session, fmt::format("rollout {} brings {} back to the generation before", id, app));
  if (!wait) return Exit::ok;
  for (;;) {
    const Result<Json> rollout = find_rollout(**api, app, id);
    if (!rollout) return fail(rollout.error());
    const std::string state = text_at(*rollout, "state");
    if (ended(state)) {
      const std::string reason = text_at(*rollout, "reason");
      fmt::print("{}{}{}\n", styled(style_of(state), state), reason.empty() ? "" : ": ", harmless(reason));
      return state == "succeeded" || state == "rolled_back" ? Exit::ok : Exit::run_failed;
    }
    std::this_thread::sleep_for(100ms);
  }
}

}  // namespace

void add_app_rollback(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("rollback", "back to the generation promoted before; waits for it");
  auto app = std::make_shared<std::string>();
  auto detach = std::make_shared<bool>(false);
  verb->add_option("APP", *app, "the application")->required();
  verb->add_flag("-d,--detach", *detach, "do not wait");
  verb->callback([&session, app, detach] { session.finish(app_rollback(session, *app, !*detach)); });
}

}  // namespace slipway::cli
