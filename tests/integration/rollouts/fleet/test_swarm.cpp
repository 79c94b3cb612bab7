#include "tests/integration/rollouts/fleet/test_swarm.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "docker-client/call.hpp"
#include "docker-client/json_fields.hpp"
#include "tests/integration/rollouts/fleet/must.hpp"

namespace slipway::rollouts {
namespace {

awaitable<Result<std::string>> post(docker::Engine* engine, std::string path, std::string body, bool force = false) {
  docker::Request request("POST", std::move(path));
  if (force) request.with("force", "1");
  request.json(std::move(body));
  request.patience = std::chrono::minutes(1);
  auto answer = co_await engine->transport().request(std::move(request));
  if (!answer) co_return fail(answer.error());
  co_return answer->body;
}

awaitable<Result<std::string>> update(docker::Engine* engine, docker::Service service, std::string spec) {
  docker::Request request("POST", "/services/" + service.id + "/update");
  request.with("version", std::to_string(service.version)).json(std::move(spec));
  auto answer = co_await engine->transport().request(std::move(request));
  if (!answer) co_return fail(answer.error());
  co_return answer->body;
}

awaitable<Result<std::string>> manager_token(docker::Engine* engine) {
  auto body = co_await docker::call_json(engine->transport(), docker::Request("GET", "/swarm"), "ask for the token");
  if (!body) co_return fail(body.error());
  co_return text_at(value_at(*body, "JoinTokens"), "Manager");
}

}  // namespace

TestSwarm::TestSwarm(Fleet& fleet) : fleet_(fleet) {
  leave();
  form();
}

TestSwarm::~TestSwarm() {
  leave();
}

docker::Engine& TestSwarm::manager(const std::string& host) {
  return **fleet_.hosts->engine(host);
}

void TestSwarm::form() {
  const std::string first = fleet_.hosts->address_of("h1");
  const Json init = {{"ListenAddr", first + ":2377"}, {"AdvertiseAddr", first}};
  must(fleet_.run(post(&manager(), "/swarm/init", dump_json(init))));
  const std::string token = must(fleet_.run(manager_token(&manager())));
  for (const char* host : {"h2", "h3"}) {
    const std::string address = fleet_.hosts->address_of(host);
    const Json join = {{"ListenAddr", address + ":2377"},
                       {"AdvertiseAddr", address},
                       {"RemoteAddrs", Json::array({first + ":2377"})},
                       {"JoinToken", token}};
    must(fleet_.run(post(&manager(host), "/swarm/join", dump_json(join))));
  }
}

/// Also what an earlier test left. A node that is in no swarm says so with 503.
void TestSwarm::leave() {
  if (fleet_.run(manager().swarm().id())) {
    const auto services = fleet_.run(manager().services().list());
    if (services) {
      for (const docker::Service& one : *services) (void)fleet_.run(manager().services().remove(one.id));
    }
  }
  for (const char* host : {"h3", "h2", "h1"}) (void)fleet_.run(post(&manager(host), "/swarm/leave", "{}", true));
}

docker::Service TestSwarm::service(const std::string& name) {
  return must(fleet_.run(manager().services().inspect(name)));
}

std::vector<docker::Task> TestSwarm::tasks(const std::string& service) {
  docker::Filters of_it;
  of_it.add("service", service);
  return must(fleet_.run(manager().services().tasks(of_it)));
}

Result<void> TestSwarm::change(const docker::Service& service, const std::string& spec) {
  const auto changed = fleet_.run(update(&manager(), service, spec));
  if (!changed) return fail(changed.error());
  return {};
}

std::vector<std::string> TestSwarm::served(int port) {
  std::vector<std::string> all;
  for (const char* host : {"h1", "h2", "h3"}) all.push_back(fleet_.served(host, port));
  return all;
}

}  // namespace slipway::rollouts
