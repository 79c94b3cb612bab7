#include "orchestrator/rollouts/swarm/swarm_traces.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "orchestrator/rollouts/swarm/swarm_status.hpp"

namespace slipway::rollouts::swarm {
namespace {

void read_record(const docker::Labels& labels, const std::string& application, Traces& into) {
  if (add_record(labels, application, into)) return;
  log::warn("a record can't be used", {{"swarm", into.host}, {"application", application}});
}

}  // namespace

awaitable<Result<Traces>> traces_of(docker::Engine* manager, std::string swarm, std::string application) {
  Traces traces;
  traces.host = swarm;
  docker::Filters ours;
  ours.label(std::string(label::application), application);
  auto services = co_await manager->services().list(ours);
  if (!services) co_return fail(services.error());
  for (docker::Service& service : *services) {
    traces.fleets.insert(label_of(service.labels, label::instance));
    read_record(service.labels, application, traces);
    ServiceView view;
    view.service = std::move(service);
    traces.containers.push_back(shown_from(view, Verdict()));
    traces.newest_rollout = std::max(traces.newest_rollout, traces.containers.back().rollout);
  }
  auto configs = co_await manager->configs().list(ours);
  if (!configs) co_return fail(configs.error());
  for (const docker::SwarmFile& config : *configs) read_record(config.labels, application, traces);
  co_return traces;
}

}  // namespace slipway::rollouts::swarm
