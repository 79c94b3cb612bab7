#include <nlohmann/json.hpp>

#include "orchestrator/http/backend.hpp"
#include "orchestrator/http/page.hpp"
#include "orchestrator/http/render.hpp"
#include "orchestrator/http/sse.hpp"

namespace slipway::http {
namespace {

awaitable<Result<Response>> backup(Backend& backend, Request request) {
  const auto logs = request.number_argument("logs", 0, 0, 1);
  if (!logs) co_return fail(logs.error());
  Result<std::unique_ptr<Stream>> made = co_await backend.actions.backup(*logs == 1, request.caller.name);
  if (!made) co_return fail(made.error());
  Response response = stream_response(std::move(*made), "application/x-tar");
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"slipway-backup.tar\"");
  co_return response;
}

awaitable<Result<Response>> list_audit(Backend& backend, Request request) {
  const Result<PageArguments> wanted = page_arguments(request);
  if (!wanted) co_return fail(wanted.error());
  const auto page = co_await backend.store.read(&store::Audit::list, wanted->before, wanted->limit);
  if (!page) co_return fail(page.error());
  Json rows = Json::array();
  for (const store::AuditEntry& entry : page->items) rows.push_back(render(entry));
  co_return json_response(render_page(std::move(rows), page->next));
}

}  // namespace

void add_admin_routes(Router& router, Backend& backend) {
  using store::Role;
  router.add({"GET", "/api/v1/backup", Role::admin, [&](Request r) { return backup(backend, std::move(r)); }});
  router.add({"GET", "/api/v1/audit", Role::admin, [&](Request r) { return list_audit(backend, std::move(r)); }});
}

}  // namespace slipway::http
