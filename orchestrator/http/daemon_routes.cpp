#include <algorithm>

#include <nlohmann/json.hpp>

#include "orchestrator/http/backend.hpp"
#include "orchestrator/http/render.hpp"
#include "orchestrator/http/server.hpp"

namespace slipway::http {
namespace {

/// The process answers: always 200. What it lacks is told all the same, for who does not ask /readyz.
awaitable<Result<Response>> health(Backend& backend) {
  const std::vector<Check> checks = co_await backend.actions.readiness();
  Json notices = Json::array();
  for (const Check& check : checks) {
    if (check.ok) continue;
    notices.push_back({{"about", check.name}, {"message", check.message}, {"hint", check.hint}});
  }
  const char* status = notices.empty() ? "ok" : "degraded";
  co_return json_response({{"status", status}, {"notices", std::move(notices)}});
}

awaitable<Result<Response>> readiness(Backend& backend) {
  const std::vector<Check> checks = co_await backend.actions.readiness();
  const bool ok = std::all_of(checks.begin(), checks.end(), [](const Check& check) { return check.ok; });
  Json rows = Json::array();
  for (const Check& check : checks)
    rows.push_back({{"name", check.name}, {"ok", check.ok}, {"message", check.message}, {"hint", check.hint}});
  co_return json_response({{"status", ok ? "ok" : "failing"}, {"checks", std::move(rows)}}, ok ? 200 : 503);
}

awaitable<Result<Response>> metrics(Backend& backend) {
  std::string text = co_await backend.actions.metrics();
  if (backend.server) text += backend.server->metrics();
  co_return text_response(std::move(text), "text/plain; version=0.0.4; charset=utf-8");
}

awaitable<Result<Response>> description() {
  co_return text_response(std::string(openapi()), "application/json");
}

awaitable<Result<Response>> version(Backend& backend) {
  co_return json_response({{"version", backend.version}, {"api", "v1"}});
}

awaitable<Result<Response>> who_am_i(Request request) {
  co_return json_response({{"name", request.caller.name}, {"role", store::name_of(request.caller.role)}});
}

awaitable<Result<Response>> hosts(Backend& backend) {
  const Result<std::vector<HostStatus>> found = co_await backend.actions.list_hosts();
  if (!found) co_return fail(found.error());
  Json rows = Json::array();
  for (const HostStatus& host : *found) rows.push_back(render(host));
  co_return json_response({{"items", std::move(rows)}});
}

}  // namespace

void add_daemon_routes(Router& router, Backend& backend) {
  router.add({"GET", "/healthz", std::nullopt, [&](Request) { return health(backend); }});
  router.add({"GET", "/readyz", std::nullopt, [&](Request) { return readiness(backend); }});
  router.add({"GET", "/metrics", store::Role::viewer, [&](Request) { return metrics(backend); }});
  router.add({"GET", "/api/openapi.json", std::nullopt, [](Request) { return description(); }});
  router.add({"GET", "/api/v1/version", std::nullopt, [&](Request) { return version(backend); }});
  router.add({"GET", "/api/v1/whoami", store::Role::viewer, [](Request r) { return who_am_i(std::move(r)); }});
  router.add({"GET", "/api/v1/hosts", store::Role::viewer, [&](Request) { return hosts(backend); }});
}

}  // namespace slipway::http
