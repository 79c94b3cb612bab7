#include "orchestrator/runs/job_network.hpp"

namespace slipway::runs {
namespace {

constexpr std::int64_t kMemory = 16 << 20;
constexpr std::int64_t kPids = 64;  // probes run in it, too

std::string job_network_name(const std::string& instance) {
  return "slip-" + instance;
}

}  // namespace

awaitable<Result<std::string>> ensure_job_network(docker::Engine& engine, std::string instance) {
  docker::NetworkSpec spec(job_network_name(instance));
  spec.labels = {{std::string(label::kInstance), instance}};
  spec.options = {{"com.docker.network.bridge.enable_icc", "false"}};
  // Looked for again once it is made: one that a slipwayd was making when it was killed may be there by now.
  for (bool made = false;; made = true) {
    auto looking = engine.networks().settle(spec.name, spec.labels);
    const Result<docker::Network> found = co_await std::move(looking);
    if (found) co_return found->id;
    if (made || found.error().kind != Error::Kind::not_found) {
      co_return fail(Error(found.error()).in("look for the job network"));
    }
    auto creating = engine.networks().create(spec);
    const Result<std::string> created = co_await std::move(creating);
    if (!created && created.error().kind != Error::Kind::conflict) {
      co_return fail(Error(created.error()).in("make the job network"));
    }
  }
}

awaitable<Result<void>> remove_job_network(docker::Engine& engine, std::string instance) {
  auto looking = engine.networks().settle(job_network_name(instance), {{std::string(label::kInstance), instance}});
  const Result<docker::Network> found = co_await std::move(looking);
  if (!found && found.error().kind == Error::Kind::not_found) co_return Result<void>();
  if (!found) co_return fail(found.error());
  auto removing = engine.networks().remove(found->id);
  co_return co_await std::move(removing);
}

JobNetwork::JobNetwork(docker::Engine& engine, EngineWatch& watch, AttemptName name, std::vector<std::string> names)
    : engine_(engine), watch_(watch), name_(std::move(name)), names_(std::move(names)) {}

awaitable<Result<void>> JobNetwork::create(std::string image, std::string network) {
  docker::ContainerSpec spec(std::move(image));
  spec.name = name_.anchor();
  spec.labels = name_.labels();
  spec.network_mode = network.empty() ? "none" : std::move(network);
  for (const std::string& service : names_) spec.extra_hosts.push_back(service + ":127.0.0.1");
  spec.cap_drop = {"ALL"};
  spec.no_new_privileges = true;
  spec.read_only_root = true;
  spec.limits.memory_bytes = kMemory;
  spec.limits.pids = kPids;
  spec.log.driver = "none";
  spec.entrypoint = std::vector<std::string>{"/anchor"};
  spec.command = std::vector<std::string>{};
  const auto call = [&] { return engine_.containers().create_or_find(spec); };
  // One that is found is the holder of the same attempt, from before a restart.
  const Result<docker::Containers::Named> named = co_await watch_.persist(call);
  if (!named) co_return fail(Error(named.error()).in("create the job's network namespace"));
  co_return Result<void>();
}

awaitable<Result<void>> JobNetwork::start() {
  // Starting it twice does no harm: it does nothing.
  const auto call = [this] { return engine_.containers().start(name_.anchor()); };
  const Result<void> started = co_await watch_.persist(call);
  if (!started) co_return fail(Error(started.error()).in("start the job's network namespace"));
  co_return Result<void>();
}

awaitable<Result<void>> JobNetwork::remove() {
  docker::RemoveContainer how;
  how.force = true;
  const auto call = [this, how] { return engine_.containers().remove(name_.anchor(), how); };
  co_return co_await watch_.persist(call);
}

}  // namespace slipway::runs
