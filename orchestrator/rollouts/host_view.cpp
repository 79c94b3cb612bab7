#include "orchestrator/rollouts/host_view.hpp"

#include <charconv>

#include "orchestrator/rollouts/carried_volumes.hpp"
#include "orchestrator/rollouts/labels.hpp"

namespace slipway::rollouts {
namespace {

template <class Number>
Number number_of(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// The list has HEALTHCHECK's word only inside "Up 3 minutes (healthy)".
Health health_in(const std::string& status) {
  if (status.find("(healthy)") != std::string::npos) return Health::healthy;
  return status.find("(unhealthy)") != std::string::npos ? Health::unhealthy : Health::unknown;
}

bool counts_as_running(docker::ContainerStatus status) {
  using enum docker::ContainerStatus;
  return status == running || status == paused || status == restarting;
}

}  // namespace

Shown shown_from(const docker::ContainerSummary& summary) {
  Shown shown;
  shown.id = summary.id;
  shown.name = summary.name;
  shown.service = label_of(summary.labels, label::service);
  shown.generation = number_of<std::int64_t>(label_of(summary.labels, label::generation));
  shown.replica = number_of<std::size_t>(label_of(summary.labels, label::replica));
  shown.spec_hash = label_of(summary.labels, label::spec_hash);
  shown.image = summary.image;
  shown.digest = label_of(summary.labels, label::digest);
  shown.rollout = number_of<std::int64_t>(label_of(summary.labels, label::rollout));
  shown.recorded = summary.labels.contains(std::string(label::record));
  shown.running = counts_as_running(summary.state);
  shown.status = std::string(docker::name_of(summary.state));
  shown.completed = summary.state == docker::ContainerStatus::exited && summary.status.starts_with("Exited (0)");
  shown.health = health_in(summary.status);
  shown.anonymous = anonymous_volumes(summary.mounts);
  for (const docker::MountPoint& mount : summary.mounts) {
    if (mount.type == "volume" && mount.writable) shown.writes.push_back(mount.name);
  }
  for (const docker::PublishedPort& port : summary.ports) {
    const auto number = number_of<std::uint16_t>(port.host_port);
    if (number != 0) shown.host_ports.push_back(number);
  }
  return shown;
}

namespace {

/// Labels can't be changed: a container that was adopted has its generation in its name.
Shown shown_from_compose(const docker::ContainerSummary& summary, const std::string& application) {
  Shown shown = shown_from(summary);
  shown.from_compose = true;
  shown.service = label_of(summary.labels, label::compose_service);
  const auto named = parse_container_name(shown.name, application, shown.service);
  shown.generation = named ? named->generation : 0;
  shown.replica = named ? named->replica : 0;
  return shown;
}

}  // namespace

Whose whose(std::string instance, const GenerationSpec& spec) {
  return {std::move(instance), spec.application, spec.from_compose};
}

awaitable<Result<std::vector<Shown>>> look_at_host(docker::Containers& containers, Whose whose) {
  docker::ListContainers what;
  what.filters.label(std::string(label::instance), whose.instance);
  what.filters.label(std::string(label::application), whose.application);
  auto listed = co_await containers.list(std::move(what));
  if (!listed) co_return fail(listed.error());
  std::vector<Shown> shown;
  for (const docker::ContainerSummary& one : *listed) {
    // A step's or a service's has labels of an application's from its image only.
    const bool other = one.labels.contains(std::string(label::hook)) || one.labels.contains(std::string(label::run));
    if (!other) shown.push_back(shown_from(one));
  }
  if (!whose.from_compose) co_return shown;
  auto adopted = co_await compose_containers(containers, whose.application);
  if (!adopted) co_return fail(adopted.error());
  for (const docker::ContainerSummary& one : *adopted) shown.push_back(shown_from_compose(one, whose.application));
  co_return shown;
}

awaitable<Result<std::vector<docker::ContainerSummary>>> compose_containers(docker::Containers& containers,
                                                                            std::string project) {
  docker::ListContainers what;
  what.filters.label(std::string(label::compose_project), project);
  auto listed = co_await containers.list(std::move(what));
  if (!listed) co_return fail(listed.error());
  // What slipway made, of an application or of a run, has these labels from an image that Docker Compose built.
  std::erase_if(*listed, [](const docker::ContainerSummary& one) {
    return label_of(one.labels, label::compose_oneoff) == "True" ||
           one.labels.contains(std::string(label::application)) || one.labels.contains(std::string(label::run));
  });
  co_return listed;
}

}  // namespace slipway::rollouts
