#include "docker-client/swarm.hpp"

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/http_client.hpp"
#include "docker-client/call.hpp"
#include "docker-client/json_fields.hpp"

namespace slipway::docker {
awaitable<Result<std::string>> SwarmFiles::create(std::string name, Labels labels, std::string content) {
  Request request("POST", path() + "/create");
  request.patience = swarm_patience;
  request.json(dump_json({{"Name", name}, {"Labels", labels}, {"Data", to_base64(content)}}));
  Result<Json> body = co_await call_json(transport_, std::move(request), "create " + word() + name);
  if (!body) co_return fail(std::move(body.error()));
  co_return text_at(*body, "ID");
}

awaitable<Result<std::vector<SwarmFile>>> SwarmFiles::list(Filters filters) {
  Request request("GET", path());
  request.patience = swarm_patience;
  if (!filters.empty()) request.with("filters", filters.json());
  Result<Json> body = co_await call_json(transport_, std::move(request), "list " + word() + "names");
  if (!body) co_return fail(std::move(body.error()));
  std::vector<SwarmFile> files;
  for (const Json& item : *body) {
    const Json& spec = value_at(item, "Spec");
    files.push_back({text_at(item, "ID"), text_at(spec, "Name"), string_map_at(spec, "Labels")});
  }
  co_return files;
}

awaitable<Result<void>> SwarmFiles::remove(std::string id) {
  Request request("DELETE", path() + "/" + percent_encode(id));
  request.patience = swarm_patience;
  Result<void> done = co_await call(transport_, std::move(request), "remove " + word() + id);
  if (!done && done.error().kind == Error::Kind::not_found) co_return Result<void>();
  co_return done;
}

awaitable<Result<std::string>> Swarm::id() {
  Request request("GET", "/swarm");
  request.patience = swarm_patience;
  Result<Json> body = co_await call_json(transport_, std::move(request), "ask for the swarm");
  // Besides 503 for a node that is no manager, Engines answer 500 while the swarm has no leader.
  if (!body && body.error().kind == Error::Kind::internal) body.error().kind = Error::Kind::unavailable;
  if (!body) co_return fail(std::move(body.error()));
  co_return text_at(*body, "ID");
}

}  // namespace slipway::docker
