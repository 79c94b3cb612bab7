#include "docker-client/networks.hpp"

#include <algorithm>
#include <tuple>

#include <nlohmann/json.hpp>

#include "base/http_client.hpp"
#include "docker-client/call.hpp"
#include "docker-client/json_fields.hpp"

namespace slipway::docker {
namespace {

std::string network_path(const std::string& id, std::string_view verb = {}) {
  return "/networks/" + percent_encode(id) + std::string(verb);
}

Json pool_body(const AddressPool& pool) {
  Json body = Json::object();
  if (!pool.subnet.empty()) body["Subnet"] = pool.subnet;
  if (!pool.gateway.empty()) body["Gateway"] = pool.gateway;
  if (!pool.ip_range.empty()) body["IPRange"] = pool.ip_range;
  return body;
}

std::vector<AddressPool> pools_from(const Json& list) {
  std::vector<AddressPool> pools;
  if (!list.is_array()) return pools;
  for (const Json& item : list)
    pools.push_back({text_at(item, "Subnet"), text_at(item, "Gateway"), text_at(item, "IPRange")});
  return pools;
}

}  // namespace

Json create_body(const NetworkSpec& spec) {
  // CheckDuplicate: below API 1.44 a second network of the same name would be made without it.
  Json body = {{"Name", spec.name},         {"CheckDuplicate", true},        {"Driver", spec.driver},
               {"Internal", spec.internal}, {"Attachable", spec.attachable}, {"EnableIPv6", spec.ipv6},
               {"Labels", spec.labels},     {"Options", spec.options}};
  for (const AddressPool& pool : spec.pools) body["IPAM"]["Config"].push_back(pool_body(pool));
  return body;
}

Json endpoint_config(const NetworkAttachment& attachment, ApiVersion version) {
  Json body = Json::object();
  if (!attachment.aliases.empty()) body["Aliases"] = attachment.aliases;
  if (!attachment.driver_options.empty()) body["DriverOpts"] = attachment.driver_options;
  if (!attachment.ipv4.empty()) body["IPAMConfig"]["IPv4Address"] = attachment.ipv4;
  if (!attachment.ipv6.empty()) body["IPAMConfig"]["IPv6Address"] = attachment.ipv6;
  if (!attachment.link_local_ips.empty()) body["IPAMConfig"]["LinkLocalIPs"] = attachment.link_local_ips;
  if (!attachment.mac_address.empty() && version >= ApiVersion{1, 44}) body["MacAddress"] = attachment.mac_address;
  if (attachment.gateway_priority != 0 && version >= ApiVersion{1, 48})
    body["GwPriority"] = attachment.gateway_priority;
  return body;
}

Network network_from(const Json& object) {
  Network network;
  network.id = text_at(object, "Id");
  network.name = text_at(object, "Name");
  network.driver = text_at(object, "Driver");
  network.scope = text_at(object, "Scope");
  network.internal = flag_at(object, "Internal");
  network.created_at = time_at(object, "Created");
  network.labels = string_map_at(object, "Labels");
  network.pools = pools_from(value_at(value_at(object, "IPAM"), "Config"));
  const Json& containers = value_at(object, "Containers");
  if (!containers.is_object()) return network;
  for (const auto& [id, container] : containers.items()) network.containers.emplace(id, text_at(container, "Name"));
  return network;
}

awaitable<Result<std::string>> Networks::create(NetworkSpec spec) {
  Request request("POST", "/networks/create");
  request.json(dump_json(create_body(spec)));
  Result<Json> body = co_await call_json(transport_, std::move(request), "create network " + spec.name);
  if (!body) co_return fail(std::move(body.error()));
  co_return text_at(*body, "Id");
}

awaitable<Result<Network>> Networks::inspect(std::string id) {
  Request request("GET", network_path(id));
  Result<Json> body = co_await call_json(transport_, std::move(request), "inspect network " + id);
  if (body) co_return network_from(*body);
  // 400, as for a call that is wrong in itself.
  if (body.error().message.find("is ambiguous") != std::string::npos) body.error().kind = Error::Kind::conflict;
  co_return fail(std::move(body.error()));
}

awaitable<Result<Network>> Networks::settle(std::string name, Labels labels) {
  Filters filters;
  filters.add("name", name);  // which the engine takes for a part of it
  Result<std::vector<Network>> left = co_await list(std::move(filters));
  if (!left) co_return fail(std::move(left.error()));
  std::erase_if(*left, [&](const Network& one) { return one.name != name; });
  std::sort(left->begin(), left->end(), [](const Network& a, const Network& b) {
    return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
  });
  for (std::size_t i = left->size(); i-- > 0 && left->size() > 1;) {
    if ((*left)[i].labels != labels) continue;
    const Result<void> removed = co_await remove((*left)[i].id);
    if (removed) left->erase(left->begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (left->empty()) co_return fail(Error::Kind::not_found, "no network is called " + name);
  if (left->size() == 1) co_return std::move(left->front());
  co_return fail(Error::Kind::conflict, std::to_string(left->size()) + " networks are called " + name,
                 "remove those that are not needed: docker network rm ID");
}

awaitable<Result<std::vector<Network>>> Networks::list(Filters filters) {
  Request request("GET", "/networks");
  if (!filters.empty()) request.with("filters", filters.json());
  Result<Json> body = co_await call_json(transport_, std::move(request), "list networks");
  if (!body) co_return fail(std::move(body.error()));
  std::vector<Network> networks;
  for (const Json& item : *body) networks.push_back(network_from(item));
  co_return networks;
}

awaitable<Result<void>> Networks::connect(std::string container, NetworkAttachment attachment) {
  const std::string doing = "connect " + container + " to network " + attachment.network;
  Result<ApiVersion> version = co_await transport_.version();
  if (!version) co_return fail(std::move(version.error()).in(doing));
  Request request("POST", network_path(attachment.network, "/connect"));
  const Json body = {{"Container", container}, {"EndpointConfig", endpoint_config(attachment, *version)}};
  request.json(dump_json(body));
  co_return co_await call(transport_, std::move(request), doing);
}

awaitable<Result<void>> Networks::disconnect(std::string network, std::string container, bool force) {
  Request request("POST", network_path(network, "/disconnect"));
  const Json body = {{"Container", container}, {"Force", force}};
  request.json(dump_json(body));
  Result<void> done = co_await call(transport_, std::move(request), "disconnect " + container + " from " + network);
  if (done) co_return done;
  // "is not connected to" comes as 403 or 500, depending on the version and on whether the container runs.
  const bool gone = done.error().kind == Error::Kind::not_found ||
                    done.error().message.find("is not connected to") != std::string::npos;
  co_return gone ? Result<void>() : std::move(done);
}

awaitable<Result<void>> Networks::remove(std::string id) {
  Request request("DELETE", network_path(id));
  Result<void> done = co_await call(transport_, std::move(request), "remove network " + id);
  if (!done && done.error().kind == Error::Kind::not_found) co_return Result<void>();
  co_return done;
}

awaitable<Result<Pruned>> Networks::prune(Filters filters) {
  if (!filters.by_label()) co_return fail(Error::Kind::invalid, "prune networks: needs a label to go by");
  Request request("POST", "/networks/prune");
  request.with("filters", filters.json());
  request.patience = std::chrono::minutes(5);
  Result<Json> body = co_await call_json(transport_, std::move(request), "prune networks");
  if (!body) co_return fail(std::move(body.error()));
  Pruned pruned;
  pruned.removed = strings_at(*body, "NetworksDeleted");
  co_return pruned;
}

}  // namespace slipway::docker
