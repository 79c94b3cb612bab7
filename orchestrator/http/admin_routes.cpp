#include "orchestrator/http/backend.hpp"
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

}  // namespace

void add_admin_routes(Router& router, Backend& backend) {
  router.add({"GET", "/api/v1/backup", store::Role::admin, [&](Request r) { return backup(backend, std::move(r)); }});
}

}  // namespace slipway::http
