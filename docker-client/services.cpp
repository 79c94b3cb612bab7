#include "docker-client/services.hpp"

#include <nlohmann/json.hpp>

#include "base/http_client.hpp"
#include "docker-client/call.hpp"
#include "docker-client/json_fields.hpp"

namespace slipway::docker {
namespace {

/// A manager that has lost the others answers late or never: callers ask another one.

std::string service_path(const std::string& id, std::string_view verb = {}) {
  return "/services/" + percent_encode(id) + std::string(verb);
}

UpdateStatus::State state_of(const std::string& name) {
  using State = UpdateStatus::State;
  if (name == "updating") return State::updating;
  if (name == "paused") return State::paused;
  if (name == "completed") return State::completed;
  if (name == "rollback_started") return State::rollback_started;
  if (name == "rollback_paused") return State::rollback_paused;
  return name == "rollback_completed" ? State::rollback_completed : State::none;
}

/// Engines say it with status 500, or as they should.
Error as_conflict(Error error) {
  if (error.message.find("update out of sequence") != std::string::npos) error.kind = Error::Kind::conflict;
  return error;
}

}  // namespace

Service service_from(const Json& object) {
  Service service;
  const Json& spec = value_at(object, "Spec");
  const Json& mode = value_at(spec, "Mode");
  service.id = text_at(object, "ID");
  service.name = text_at(spec, "Name");
  service.version = static_cast<std::uint64_t>(number_at(value_at(object, "Version"), "Index"));
  service.labels = string_map_at(spec, "Labels");
  service.image = text_at(value_at(value_at(spec, "TaskTemplate"), "ContainerSpec"), "Image");
  service.global = value_at(mode, "Global").is_object();
  service.replicas = static_cast<std::uint64_t>(number_at(value_at(mode, "Replicated"), "Replicas"));
  const Json& previous = value_at(object, "PreviousSpec");
  if (previous.is_object()) service.previous_labels = string_map_at(previous, "Labels");
  const Json& update = value_at(object, "UpdateStatus");
  service.update.state = state_of(text_at(update, "State"));
  service.update.message = text_at(update, "Message");
  service.spec = dump_json(spec);
  const Json& ports = value_at(value_at(object, "Endpoint"), "Ports");
  if (!ports.is_array()) return service;
  for (const Json& port : ports) {
    const auto number = static_cast<std::uint16_t>(number_at(port, "PublishedPort"));
    if (number != 0) service.published_ports.push_back(number);
  }
  return service;
}

Task task_from(const Json& object) {
  Task task;
  const Json& container = value_at(value_at(object, "Spec"), "ContainerSpec");
  const Json& status = value_at(object, "Status");
  const Json& ended = value_at(status, "ContainerStatus");
  task.id = text_at(object, "ID");
  task.service = text_at(object, "ServiceID");
  task.node = text_at(object, "NodeID");
  task.slot = number_at(object, "Slot");
  task.labels = string_map_at(container, "Labels");
  task.image = text_at(container, "Image");
  task.state = text_at(status, "State");
  task.desired_state = text_at(object, "DesiredState");
  task.message = text_at(status, "Message");
  task.error = text_at(status, "Err");
  task.exit_code = static_cast<int>(number_at(ended, "ExitCode"));
  task.container = text_at(ended, "ContainerID");
  task.since = time_at(status, "Timestamp");
  return task;
}

awaitable<Result<Json>> Services::ask(Request request, std::string doing) {
  request.patience = swarm_patience;
  co_return co_await call_json(transport_, std::move(request), std::move(doing));
}

awaitable<Result<std::string>> Services::create(ServiceSpec spec, RegistryAuth auth) {
  const std::string doing = "create service " + spec.name;
  Result<ApiVersion> version = co_await transport_.version();
  if (!version) co_return fail(std::move(version.error()).in(doing));
  Request request("POST", "/services/create");
  request.header("X-Registry-Auth", auth_header(auth).reveal());
  request.json(dump_json(service_body(spec, *version)));
  Result<Json> body = co_await ask(std::move(request), doing);
  if (!body) co_return fail(std::move(body.error()));
  co_return text_at(*body, "ID");
}

awaitable<Result<void>> Services::send_update(std::string id, std::uint64_t version, std::string body,
                                              RegistryAuth auth, bool back) {
  Request request("POST", service_path(id, "/update"));
  request.with("version", std::to_string(version));
  if (back) request.with("rollback", "previous");
  if (!back) request.header("X-Registry-Auth", auth_header(auth).reveal());
  request.json(std::move(body));
  Result<Json> done = co_await ask(std::move(request), (back ? "roll back service " : "update service ") + id);
  if (!done) co_return fail(as_conflict(std::move(done.error())));
  co_return Result<void>();
}

awaitable<Result<void>> Services::update(std::string id, std::uint64_t version, ServiceSpec spec, RegistryAuth auth) {
  Result<ApiVersion> api = co_await transport_.version();
  if (!api) co_return fail(std::move(api.error()).in("update service " + id));
  co_return co_await send_update(std::move(id), version, dump_json(service_body(spec, *api)), std::move(auth), false);
}

awaitable<Result<void>> Services::roll_back(Service service) {
  RegistryAuth nobody;  // the swarm has kept what it was given for that specification
  co_return co_await send_update(service.id, service.version, service.spec, std::move(nobody), true);
}

awaitable<Result<Service>> Services::inspect(std::string id) {
  Result<Json> body = co_await ask(Request("GET", service_path(id)), "inspect service " + id);
  if (!body) co_return fail(std::move(body.error()));
  co_return service_from(*body);
}

awaitable<Result<std::vector<Service>>> Services::list(Filters filters) {
  Request request("GET", "/services");
  if (!filters.empty()) request.with("filters", filters.json());
  Result<Json> body = co_await ask(std::move(request), "list services");
  if (!body) co_return fail(std::move(body.error()));
  std::vector<Service> services;
  for (const Json& item : *body) services.push_back(service_from(item));
  co_return services;
}

awaitable<Result<void>> Services::remove(std::string id) {
  Request request("DELETE", service_path(id));
  request.patience = swarm_patience;
  Result<void> done = co_await call(transport_, std::move(request), "remove service " + id);
  if (!done && done.error().kind == Error::Kind::not_found) co_return Result<void>();
  co_return done;
}

awaitable<Result<std::vector<Task>>> Services::tasks(Filters filters) {
  Request request("GET", "/tasks");
  if (!filters.empty()) request.with("filters", filters.json());
  Result<Json> body = co_await ask(std::move(request), "list tasks");
  if (!body) co_return fail(std::move(body.error()));
  std::vector<Task> tasks;
  for (const Json& item : *body) tasks.push_back(task_from(item));
  co_return tasks;
}

awaitable<Result<std::vector<Node>>> Services::nodes() {
  Result<Json> body = co_await ask(Request("GET", "/nodes"), "list nodes");
  if (!body) co_return fail(std::move(body.error()));
  std::vector<Node> nodes;
  for (const Json& item : *body) {
    Node node;
    node.id = text_at(item, "ID");
    node.hostname = text_at(value_at(item, "Description"), "Hostname");
    node.state = text_at(value_at(item, "Status"), "State");
    node.address = text_at(value_at(item, "Status"), "Addr");
    node.availability = text_at(value_at(item, "Spec"), "Availability");
    node.manager = value_at(item, "ManagerStatus").is_object();
    nodes.push_back(std::move(node));
  }
  co_return nodes;
}

}  // namespace slipway::docker
