#include "docker-client/volumes.hpp"

#include <nlohmann/json.hpp>

#include "base/http_client.hpp"
#include "docker-client/call.hpp"
#include "docker-client/json_fields.hpp"

namespace slipway::docker {
namespace {

Volume volume_from(const Json& object) {
  Volume volume;
  volume.name = text_at(object, "Name");
  volume.driver = text_at(object, "Driver");
  volume.mountpoint = text_at(object, "Mountpoint");
  volume.labels = string_map_at(object, "Labels");
  volume.options = string_map_at(object, "Options");
  volume.created_at = time_at(object, "CreatedAt");
  return volume;
}

}  // namespace

awaitable<Result<Volume>> Volumes::create(VolumeSpec spec) {
  Request request("POST", "/volumes/create");
  const Json body = {
      {"Name", spec.name}, {"Driver", spec.driver}, {"DriverOpts", spec.options}, {"Labels", spec.labels}};
  request.json(dump_json(body));
  Result<Json> answer = co_await call_json(transport_, std::move(request), "create volume " + spec.name);
  if (!answer) co_return fail(std::move(answer.error()));
  co_return volume_from(*answer);
}

awaitable<Result<Volume>> Volumes::inspect(std::string name) {
  Request request("GET", "/volumes/" + percent_encode(name));
  Result<Json> body = co_await call_json(transport_, std::move(request), "inspect volume " + name);
  if (!body) co_return fail(std::move(body.error()));
  co_return volume_from(*body);
}

awaitable<Result<std::vector<Volume>>> Volumes::list(Filters filters) {
  Request request("GET", "/volumes");
  if (!filters.empty()) request.with("filters", filters.json());
  Result<Json> body = co_await call_json(transport_, std::move(request), "list volumes");
  if (!body) co_return fail(std::move(body.error()));
  std::vector<Volume> volumes;
  for (const Json& item : value_at(*body, "Volumes")) volumes.push_back(volume_from(item));
  co_return volumes;
}

awaitable<Result<void>> Volumes::remove(std::string name, bool force) {
  Request request("DELETE", "/volumes/" + percent_encode(name));
  request.with("force", flag_text(force));
  request.patience = std::chrono::minutes(2);
  Result<void> done = co_await call(transport_, std::move(request), "remove volume " + name);
  if (!done && done.error().kind == Error::Kind::not_found) co_return Result<void>();
  co_return done;
}

awaitable<Result<Pruned>> Volumes::prune(Filters filters) {
  if (!filters.by_label()) co_return fail(Error::Kind::invalid, "prune volumes: needs a label to go by");
  Result<ApiVersion> version = co_await transport_.version();
  if (!version) co_return fail(std::move(version.error()).in("prune volumes"));
  // From 1.42 on a prune spares named volumes unless told otherwise.
  if (*version >= ApiVersion{1, 42}) filters.add("all", "true");
  Request request("POST", "/volumes/prune");
  request.with("filters", filters.json());
  request.patience = std::chrono::minutes(5);
  Result<Json> body = co_await call_json(transport_, std::move(request), "prune volumes");
  if (!body) co_return fail(std::move(body.error()));
  co_return Pruned{strings_at(*body, "VolumesDeleted"), number_at(*body, "SpaceReclaimed")};
}

}  // namespace slipway::docker
