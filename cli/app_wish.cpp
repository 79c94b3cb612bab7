#include "cli/app_wish.hpp"

#include <algorithm>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/rollout_progress.hpp"

namespace slipway::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto shortest_pause = 100ms;
constexpr auto longest_pause = 500ms;

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

Result<Exit> wait_for_rollout(Session& session, std::int64_t id, bool back) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  RolloutProgress progress;
  for (auto pause = shortest_pause;; pause = std::min(pause + pause / 10, longest_pause)) {
    const Result<Json> audit = (*api)->get_patiently(fmt::format("/api/v1/rollouts/{}/audit", id), {}, {});
    if (!audit) return fail(audit.error());
    for (const std::string& line : progress.news(*audit)) tell(session, line);
    const Json& rollout = value_at(*audit, "rollout");
    if (!text_at(rollout, "ended_at").empty()) return print_end(session, rollout, back);
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace slipway::cli
