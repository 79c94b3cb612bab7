#include "cli/app_wish.hpp"

#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace slipway::cli {
namespace {

using namespace std::chrono_literals;

Result<Json> find_rollout(const Api& api, const std::string& app, std::int64_t id) {
  Result<Json> page = api.get_patiently("/api/v1/apps/" + segment(app) + "/history", {{"limit", "50"}}, {});
  if (!page) return page;
  for (const Json& rollout : value_at(*page, "items")) {
    if (number_at(rollout, "id") == id) return rollout;
  }
  return fail(Error::Kind::not_found, fmt::format("rollout {} is not in the history of {}", id, app));
}

Result<Exit> print_end(const Session& session, const Json& rollout, bool back) {
  const std::string state = text_at(rollout, "state");
  const std::string reason = text_at(rollout, "reason");
  if (session.output.json) {
    if (Result<void> printed = print_json(rollout, session.output); !printed) return fail(printed.error());
  } else {
    fmt::print("{}{}{}\n", styled(style_of(state), state), reason.empty() ? "" : ": ", harmless(reason));
  }
  return exit_of_rollout(rollout, back);
}

}  // namespace

Exit exit_of_rollout(const Json& rollout, bool back) {
  const std::string state = text_at(rollout, "state");
  if (state == "succeeded") return Exit::ok;
  // A rollback that ends so was refused or found too few hosts: it led nowhere. Any other rollout was turned round.
  const bool turned_round = state == "rolled_back" && text_at(rollout, "kind") != "rollback";
  return back && turned_round ? Exit::ok : Exit::run_failed;
}

Result<Json> post_to_app(Session& session, const std::string& app, const std::string& verb, const Json& body) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  return (*api)->post("/api/v1/apps/" + segment(app) + "/" + verb, body);
}

Result<Exit> wait_for_rollout(Session& session, const std::string& app, std::int64_t id, bool back) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  std::string told;
  for (;;) {
    const Result<Json> rollout = find_rollout(**api, app, id);
    if (!rollout) return fail(rollout.error());
    const std::string waits = text_at(*rollout, "state") == "waiting" ? text_at(*rollout, "reason") : std::string();
    if (!waits.empty() && waits != told) tell(session, harmless(waits));
    told = waits;
    if (!text_at(*rollout, "ended_at").empty()) return print_end(session, *rollout, back);
    std::this_thread::sleep_for(100ms);
  }
}

}  // namespace slipway::cli
