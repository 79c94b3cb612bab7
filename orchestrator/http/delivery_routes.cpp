#include <nlohmann/json.hpp>

#include "orchestrator/http/backend.hpp"
#include "orchestrator/http/hook_answer.hpp"
#include "orchestrator/http/page.hpp"
#include "orchestrator/http/render.hpp"

namespace slipway::http {
namespace {

using store::Transaction;

Result<Json> list_in(Transaction& tx, const std::string& project, store::DeliveryFilter filter) {
  if (!project.empty()) {
    const Result<store::Project> found = store::Projects(tx).find(project);
    if (!found) return fail(found.error());
    filter.project = found->id;
  }
  const Result<store::Page<store::Delivery>> page = store::Deliveries(tx).list(filter);
  if (!page) return fail(page.error());
  ProjectNames names(tx);
  Json rows = Json::array();
  for (const store::Delivery& each : page->items) rows.push_back(render(each, names.of(each.project)));
  return render_page(std::move(rows), page->next);
}

awaitable<Result<Response>> list_deliveries(Backend& backend, Request request) {
  const Result<PageArguments> page = page_arguments(request);
  if (!page) co_return fail(page.error());
  store::DeliveryFilter filter;
  filter.limit = page->limit;
  filter.before = DeliveryId(page->before);
  auto work = [project = request.argument("project").value_or(""), filter](Transaction& tx) {
    return list_in(tx, project, filter);
  };
  const Result<Json> rows = co_await backend.store.read(std::move(work));
  if (!rows) co_return fail(rows.error());
  co_return json_response(*rows);
}

Result<Json> detail_in(Transaction& tx, DeliveryId id) {
  const Result<store::Delivery> delivery = store::Deliveries(tx).get(id);
  if (!delivery) return fail(delivery.error());
  Json detail = render(*delivery, ProjectNames(tx).of(delivery->project));
  detail["external_id"] = delivery->external_id;
  detail["headers"] = object_of(delivery->headers);
  detail["body"] = delivery->body;
  return detail;
}

awaitable<Result<Response>> get_delivery(Backend& backend, Request request) {
  const Result<std::int64_t> id = request.id_parameter("delivery");
  if (!id) co_return fail(id.error());
  auto work = [id = DeliveryId(*id)](Transaction& tx) { return detail_in(tx, id); };
  const Result<Json> detail = co_await backend.store.read(std::move(work));
  if (!detail) co_return fail(detail.error());
  co_return json_response(*detail);
}

awaitable<Result<Response>> replay(Backend& backend, Request request) {
  const Result<std::int64_t> id = request.id_parameter("delivery");
  if (!id) co_return fail(id.error());
  const Result<triggers::Outcome> outcome = co_await backend.receiver.replay(DeliveryId(*id), request.caller.name);
  if (!outcome) co_return fail(outcome.error());
  co_return hook_answer(*outcome);
}

}  // namespace

void add_delivery_routes(Router& router, Backend& backend) {
  using store::Role;
  router.add(
      {"GET", "/api/v1/deliveries", Role::viewer, [&](Request r) { return list_deliveries(backend, std::move(r)); }});
  router.add({"GET", "/api/v1/deliveries/{delivery}", Role::maintainer,
              [&](Request r) { return get_delivery(backend, std::move(r)); }});
  router.add({"POST", "/api/v1/deliveries/{delivery}/replay", Role::maintainer,
              [&](Request r) { return replay(backend, std::move(r)); }});
}

}  // namespace slipway::http
