#include <limits>

#include <nlohmann/json.hpp>

#include "orchestrator/http/backend.hpp"
#include "orchestrator/http/input.hpp"
#include "orchestrator/http/page.hpp"
#include "orchestrator/http/render.hpp"

namespace slipway::http {
namespace {

constexpr std::size_t most_compose_bytes = 256 << 10;

awaitable<Result<Response>> list_apps(Backend& backend) {
  const auto apps = co_await backend.actions.list_apps();
  if (!apps) co_return fail(apps.error());
  Json rows = Json::array();
  for (const AppSummary& app : *apps) rows.push_back(render(app));
  co_return json_response(render_page(std::move(rows), 0));
}

awaitable<Result<Response>> app_status(Backend& backend, Request request) {
  const Result<AppStatus> status = co_await backend.actions.app_status(request.parameter("app"));
  if (!status) co_return fail(status.error());
  co_return json_response(render(*status));
}

awaitable<Result<Response>> look_for_drift(Backend& backend, Request request) {
  const Result<AppStatus> status = co_await backend.actions.look_for_drift(request.parameter("app"));
  if (!status) co_return fail(status.error());
  co_return json_response(render(*status));
}

awaitable<Result<Response>> app_history(Backend& backend, Request request) {
  const Result<PageArguments> page = page_arguments(request);
  if (!page) co_return fail(page.error());
  const auto rollouts = co_await backend.actions.app_history(request.parameter("app"), page->limit);
  if (!rollouts) co_return fail(rollouts.error());
  Json rows = Json::array();
  for (const RolloutSummary& rollout : *rollouts) rows.push_back(render(rollout));
  co_return json_response(render_page(std::move(rows), 0));
}

awaitable<Result<Response>> app_audit(Backend& backend, Request request) {
  const auto limit = request.number_argument("limit", 5, 1, 50);
  if (!limit) co_return fail(limit.error());
  const auto audits = co_await backend.actions.app_audit(request.parameter("app"), static_cast<std::size_t>(*limit));
  if (!audits) co_return fail(audits.error());
  Json rows = Json::array();
  for (const RolloutAudit& audit : *audits) rows.push_back(render(audit));
  co_return json_response({{"items", std::move(rows)}});
}

awaitable<Result<Response>> rollout_audit(Backend& backend, Request request) {
  const Result<std::int64_t> id = request.id_parameter("rollout");
  if (!id) co_return fail(id.error());
  const Result<RolloutAudit> audit = co_await backend.actions.rollout_audit(RolloutId(*id));
  if (!audit) co_return fail(audit.error());
  co_return json_response(render(*audit));
}

awaitable<Result<Response>> app_logs(Backend& backend, Request request) {
  const auto tail = request.number_argument("tail", 100, 1, 10000);
  if (!tail) co_return fail(tail.error());
  AppLogsOrder order;
  order.app = request.parameter("app");
  order.service = request.argument("service").value_or("");
  order.host = request.argument("host").value_or("");
  order.tail = static_cast<std::size_t>(*tail);
  const auto logs = co_await backend.actions.app_logs(std::move(order));
  if (!logs) co_return fail(logs.error());
  Json rows = Json::array(), unread = Json::array();
  for (const AppLogLine& line : logs->lines) rows.push_back(render(line));
  for (const AppLogs::Unread& one : logs->unread) unread.push_back({{"host", one.host}, {"reason", one.reason}});
  co_return json_response({{"items", std::move(rows)}, {"unread", std::move(unread)}});
}

awaitable<Result<Response>> roll_back(Backend& backend, Request request) {
  Result<Input> input = Input::of(request);
  if (!input) co_return fail(input.error());
  const bool force = input->flag("force").value_or(false);
  if (Result<void> read = input->finish(); !read) co_return fail(read.error());
  const Result<RolloutId> rollout =
      co_await backend.actions.roll_back(request.parameter("app"), force, request.caller.name);
  if (!rollout) co_return fail(rollout.error());
  co_return json_response({{"id", rollout->value}}, 202);
}

awaitable<Result<Response>> redeploy(Backend& backend, Request request) {
  Result<Input> input = Input::of(request);
  if (!input) co_return fail(input.error());
  const bool recreate = input->flag("recreate").value_or(false);
  if (Result<void> read = input->finish(); !read) co_return fail(read.error());
  const Result<RolloutId> rollout =
      co_await backend.actions.redeploy(request.parameter("app"), recreate, request.caller.name);
  if (!rollout) co_return fail(rollout.error());
  co_return json_response({{"id", rollout->value}}, 202);
}

/// Whether the caller may is the file's to say, by the roles it names.
awaitable<Result<Response>> approve_rollout(Backend& backend, Request request) {
  Result<Input> input = Input::of(request);
  if (!input) co_return fail(input.error());
  AppWord word;
  word.app = request.parameter("app");
  word.generation = input->number("generation", 1, std::numeric_limits<std::int64_t>::max());
  word.reject = input->flag("reject").value_or(false);
  word.reason = input->text("reason", 500).value_or("");
  word.roles = request.caller.roles;
  if (Result<void> read = input->finish(); !read) co_return fail(read.error());
  const Result<RolloutId> rollout = co_await backend.actions.approve_rollout(std::move(word), request.caller.name);
  if (!rollout) co_return fail(rollout.error());
  co_return json_response({{"id", rollout->value}}, 202);
}

awaitable<Result<Response>> adopt(Backend& backend, Request request) {
  Result<Input> input = Input::of(request);
  if (!input) co_return fail(input.error());
  AppAdoption adoption;
  adoption.app = request.parameter("app");
  adoption.project = input->text("project").value_or("");
  adoption.generation = input->number("generation", 1, std::numeric_limits<std::int64_t>::max());
  if (Result<void> read = input->finish(); !read) co_return fail(read.error());
  const Result<AppStatus> status = co_await backend.actions.adopt(std::move(adoption), request.caller.name);
  if (!status) co_return fail(status.error());
  co_return json_response(render(*status));
}

awaitable<Result<Response>> take_over(Backend& backend, Request request) {
  Result<Input> input = Input::of(request);
  if (!input) co_return fail(input.error());
  AppTakeover takeover;
  takeover.app = request.parameter("app");
  takeover.project = input->text("project").value_or("");
  takeover.compose = input->text("compose", most_compose_bytes).value_or("");
  takeover.path = input->text("path").value_or("compose.yml");
  takeover.group = input->text("group").value_or("");
  takeover.variables = input->texts("variables");
  takeover.files = input->texts("files");
  if (Result<void> read = input->finish(); !read) co_return fail(read.error());
  const Result<AppTaken> taken = co_await backend.actions.take_over(std::move(takeover), request.caller.name);
  if (!taken) co_return fail(taken.error());
  co_return json_response({{"status", render(taken->status)}, {"notes", taken->notes}});
}

/// `flag`, if the verb has one, turns `plain` into `flagged`; what it is when absent is the verb's own affair.
struct Wish {
  const char* verb;
  RolloutWish plain;
  const char* flag = nullptr;
  RolloutWish flagged = RolloutWish::pause;
  bool flag_default = false;
};

constexpr Wish wishes[] = {{"pause", RolloutWish::pause},
                           {"resume", RolloutWish::resume},
                           {"stop", RolloutWish::stop, "rollback", RolloutWish::roll_back, true},
                           {"promote", RolloutWish::promote, "all", RolloutWish::promote_all, false}};

awaitable<Result<Response>> ask_rollout(Backend& backend, Wish wish, Request request) {
  Result<Input> input = Input::of(request);
  if (!input) co_return fail(input.error());
  const bool flagged = wish.flag != nullptr && input->flag(wish.flag).value_or(wish.flag_default);
  const bool outside = wish.plain == RolloutWish::promote && input->flag("outside_window").value_or(false);
  if (Result<void> read = input->finish(); !read) co_return fail(read.error());
  auto asking = outside ? backend.actions.begin_outside_window(request.parameter("app"), request.caller.name)
                        : backend.actions.ask_rollout(request.parameter("app"), flagged ? wish.flagged : wish.plain,
                                                      request.caller.name);
  const Result<RolloutId> rollout = co_await std::move(asking);
  if (!rollout) co_return fail(rollout.error());
  co_return json_response({{"id", rollout->value}}, 202);
}

}  // namespace

void add_app_routes(Router& router, Backend& backend) {
  using store::Role;
  router.add({"GET", "/api/v1/apps", Role::viewer, [&](Request) { return list_apps(backend); }});
  router.add({"GET", "/api/v1/apps/{app}", Role::viewer, [&](Request r) { return app_status(backend, std::move(r)); }});
  router.add({"POST", "/api/v1/apps/{app}/drift", Role::viewer,
              [&](Request r) { return look_for_drift(backend, std::move(r)); }});
  router.add({"GET", "/api/v1/apps/{app}/history", Role::viewer,
              [&](Request r) { return app_history(backend, std::move(r)); }});
  router.add(
      {"GET", "/api/v1/apps/{app}/audit", Role::viewer, [&](Request r) { return app_audit(backend, std::move(r)); }});
  router.add({"GET", "/api/v1/rollouts/{rollout}/audit", Role::viewer,
              [&](Request r) { return rollout_audit(backend, std::move(r)); }});
  router.add(
      {"GET", "/api/v1/apps/{app}/logs", Role::viewer, [&](Request r) { return app_logs(backend, std::move(r)); }});
  router.add({"POST", "/api/v1/apps/{app}/rollback", Role::maintainer,
              [&](Request r) { return roll_back(backend, std::move(r)); }});
  router.add({"POST", "/api/v1/apps/{app}/redeploy", Role::maintainer,
              [&](Request r) { return redeploy(backend, std::move(r)); }});
  router.add({"POST", "/api/v1/apps/{app}/approve", Role::viewer,
              [&](Request r) { return approve_rollout(backend, std::move(r)); }});
  router.add(
      {"POST", "/api/v1/apps/{app}/adopt", Role::admin, [&](Request r) { return adopt(backend, std::move(r)); }});
  router.add({"POST", "/api/v1/apps/{app}/take-over", Role::admin,
              [&](Request r) { return take_over(backend, std::move(r)); }});
  for (const Wish& wish : wishes) {
    router.add({"POST", std::string("/api/v1/apps/{app}/") + wish.verb, Role::maintainer,
                [&](Request r) { return ask_rollout(backend, wish, std::move(r)); }});
  }
}

}  // namespace slipway::http
