#include "orchestrator/rollouts/host_work.hpp"

#include <algorithm>

#include "docker-client/images.hpp"
#include "orchestrator/rollouts/carried_volumes.hpp"
#include "orchestrator/rollouts/container_files.hpp"
#include "orchestrator/rollouts/evidence.hpp"
#include "orchestrator/rollouts/file_grants.hpp"
#include "orchestrator/rollouts/health_watch.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "orchestrator/runs/naming.hpp"
#include "orchestrator/runs/transfer_report.hpp"

namespace slipway::rollouts {
namespace {

constexpr Milliseconds drain_poll{100};
constexpr Milliseconds health_poll{100};
constexpr Milliseconds stop_broken_off{12'000};  // for what the Engine has begun: its own grace period, and a little

/// Services in the order they are stopped: nobody loses what it depends on while it runs.
std::vector<Shown> in_stop_order(std::vector<Shown> containers, const Application& application) {
  const auto order = in_start_order(application);
  const auto rank = [&](const Shown& one) {
    return std::find_if(order.begin(), order.end(), [&](const Service* s) { return s->name == one.service; }) -
           order.begin();
  };
  std::stable_sort(containers.begin(), containers.end(),
                   [&](const Shown& a, const Shown& b) { return rank(a) > rank(b); });
  return containers;
}

/// Why there is no look at one; people have to make those that are external.
Error not_seen(const Error& error, const std::string& kind, const std::string& name, bool external) {
  if (!external || error.kind != Error::Kind::not_found) return error;
  return {Error::Kind::not_found, kind + " " + name + " is not on this host",
          "it is external, so make it there: docker " + kind + " create " + name};
}

/// With twelve digits of its digest.
std::string shortened(const std::string& image) {
  constexpr std::size_t digits = 12;
  const auto digest = image.rfind(':');
  return image.find('@') == std::string::npos ? image : image.substr(0, digest + 1 + digits);
}

std::vector<Wanted> of_service(const std::vector<Wanted>& wanted, const std::string& service) {
  std::vector<Wanted> found;
  std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(found),
               [&](const Wanted& one) { return one.service == service; });
  return found;
}

}  // namespace

awaitable<Result<void>> HostWork::reach(HostStage stage, Heading heading, TargetPtr target, std::string application,
                                        unsigned weight) {
  application_ = std::move(application);
  evidence_.clear();
  why_not_.clear();
  switch (stage) {
    case HostStage::pending:
      co_return Result<void>();
    case HostStage::pulled:
      co_return co_await pull(target);
    case HostStage::created:
      co_return co_await create(target);
    case HostStage::started:
      co_return co_await start(heading, target);
    case HostStage::healthy:
      co_return co_await wait_healthy(target->wanted, target);
    case HostStage::attached:
      co_return co_await attach(target, weight);
    case HostStage::old_drained:
      co_return co_await drain(target);
    case HostStage::old_stopped:
      co_return co_await stop_old(heading, target);
    case HostStage::committed:
      co_return co_await prune(target);
  }
  co_return fail(Error::Kind::internal, "no such stage");
}

awaitable<Result<Difference>> HostWork::look(TargetPtr target) {
  auto shown = co_await look_at_host(site_.engine->containers(), whose(maker_.instance, target->spec));
  if (!shown) co_return fail(shown.error());
  Difference found = difference(target->wanted, *shown);
  if (!found.clashes.empty()) {
    co_return fail(Error::Kind::conflict, "container " + found.clashes.front() + " has another specification");
  }
  co_return found;
}

awaitable<Result<void>> HostWork::pull(TargetPtr target) {
  auto found = co_await look(target);
  if (!found) co_return fail(found.error());
  for (const Release& release : target->spec.releases) {
    if (of_service(found->missing, release.service).empty()) continue;
    const Service* service = target->service(release.service);
    std::string platform;
    if (service != nullptr) platform = service->platform;
    auto pulled = co_await pull_image(release.image, std::move(platform));
    if (!pulled) co_return fail(pulled.error().in("pull " + release.image));
  }
  co_return Result<void>();
}

/// By digest, whatever the tag says by now. An image pinned by its id (pull_policy: never) must be there.
awaitable<Result<void>> HostWork::pull_image(std::string image, std::string platform) {
  docker::Images images(site_.engine->transport());
  auto there = co_await images.inspect(image);
  if (there) co_return runs::check_image_labels(there->labels, image);
  if (there.error().kind != Error::Kind::not_found) co_return fail(there.error());
  const auto at = image.rfind('@');
  if (at == std::string::npos) {
    co_return fail(Error::Kind::not_found, "it is not on this host, and its pull_policy is 'never'");
  }
  docker::PullSpec spec;
  spec.repository = image.substr(0, at);
  spec.reference = image.substr(at + 1);
  spec.platform = platform;
  auto credentials = co_await registries_.credentials(spec.repository);
  if (!credentials) co_return fail(credentials.error());
  spec.auth = std::move(*credentials);
  runs::TransferReport report({"pulling", "pulled", shortened(image)}, say_every_);
  const auto pass_on = [this](const std::optional<std::string>& line) {
    if (line && say_) say_("host " + site_.host + ": " + *line);
  };
  docker::ImageProgressSink progress = [&](const docker::ImageProgress& step) {
    pass_on(report.add(step, std::chrono::steady_clock::now()));
  };
  auto pulling = images.pull(std::move(spec), std::move(progress));
  auto pulled = co_await std::move(pulling);
  if (!pulled) co_return fail(pulled.error());
  pass_on(report.end(std::chrono::steady_clock::now()));
  there = co_await images.inspect(image);
  if (!there) co_return fail(there.error());
  co_return runs::check_image_labels(there->labels, image);
}

awaitable<Result<void>> HostWork::create(TargetPtr target) {
  auto found = co_await look(target);
  if (!found) co_return fail(found.error());
  if (found->missing.empty()) co_return Result<void>();
  if (auto ready = co_await prepare(target); !ready) co_return ready;
  for (const Wanted& wanted : found->missing) {
    auto made = co_await create_container(wanted, target, *found);
    if (!made && made.error().kind == Error::Kind::not_found) {
      // The image went since it was pulled, or long ago, where a container is made again on the way back.
      const Service* service = target->service(wanted.service);
      std::string platform;
      if (service != nullptr) platform = service->platform;
      auto pulled = co_await pull_image(wanted.image, std::move(platform));
      if (!pulled) co_return fail(pulled.error().in("pull " + wanted.image));
      made = co_await create_container(wanted, target, *found);
    }
    if (!made) co_return fail(made.error().in("create " + wanted.name));
  }
  co_return Result<void>();
}

awaitable<Result<void>> HostWork::prepare(TargetPtr target) {
  application_ = target->application.name;
  for (const Network& network : target->application.networks) {
    if (auto made = co_await ensure_network(network, target); !made) co_return made;
  }
  for (const Volume& volume : target->application.volumes) {
    if (auto made = co_await ensure_volume(volume, target); !made) co_return made;
  }
  co_return Result<void>();
}

/// What is declared external belongs to this application, or to nobody: not to another application, nor to a project of
/// Docker Compose, be it one that runs slipwayd itself.
Result<void> HostWork::check_owner(const docker::Labels& labels, const std::string& name) const {
  if (label_of(labels, label::application) == application_) return {};
  if (label_of(labels, label::instance).empty() && label_of(labels, label::application).empty()) {
    const std::string project = label_of(labels, label::compose_project);
    if (project.empty() || project == application_) return {};
    return fail(Error::Kind::forbidden, name + " belongs to the project " + project + " of Docker Compose",
                "make what they share on the hosts, with `docker network create` or `docker volume create`");
  }
  const std::string other = label_of(labels, label::application);
  return fail(Error::Kind::forbidden,
              name + " belongs to something else that slipway runs" +
                  (other.empty() ? std::string() : ", the application " + other),
              "make what applications share on the hosts, outside of slipway");
}

bool HostWork::is_ours(const docker::Labels& labels) const {
  return label_of(labels, label::instance) == maker_.instance && label_of(labels, label::application) == application_;
}

Result<void> HostWork::not_ours(const docker::Labels& labels, const std::string& what) {
  const std::string other = label_of(labels, label::application);
  return fail(Error::Kind::forbidden,
              what + " is there, and not this application's" + (other.empty() ? std::string() : " but " + other + "'s"),
              "give it another name");
}

bool HostWork::is_from_compose(const docker::Labels& labels) const {
  return label_of(labels, label::compose_project) == application_;
}

/// What Docker Compose made for its project of the same name stays as it is, and with it the data. It takes an admin's
/// word: else who may write a pipeline file could have the data of any project on the host by its name.
Result<void> HostWork::of_compose(const std::string& what, const Target& target) {
  if (target.spec.from_compose) return {};
  return fail(Error::Kind::conflict, what + " was made by Docker Compose",
              "take the project over with it: slipway app adopt " + target.application.name + " --from-compose FILE");
}

Result<void> HostWork::check_network(const Network& network, const docker::Network& there, const Target& target) const {
  const std::string what = "network " + network.name;
  if (there.name != network.name)
    return fail(Error::Kind::not_found, what + " is not on this host");  // an id's beginning
  if (network.external) return check_owner(there.labels, what);
  const docker::NetworkSpec spec = network_spec(target.application, network, maker_);
  const std::string hash = label_of(spec.labels, label::spec_hash);
  if (label_of(there.labels, label::spec_hash) == hash && is_ours(there.labels)) return {};
  if (is_from_compose(there.labels)) return of_compose(what, target);
  if (!is_ours(there.labels)) return not_ours(there.labels, what);
  return fail(Error::Kind::conflict, what + " is there with another definition",
              "give the changed network another name, or declare it external");
}

awaitable<Result<void>> HostWork::ensure_network(Network network, TargetPtr target) {
  docker::Networks& networks = site_.engine->networks();
  docker::NetworkSpec spec = network_spec(target->application, network, maker_);
  auto there = co_await networks.inspect(network.name);
  if (!there && there.error().kind == Error::Kind::conflict && !network.external) {
    there = co_await networks.settle(spec.name, spec.labels);
  }
  if (!there && there.error().kind == Error::Kind::not_found && !network.external) {
    auto made = co_await networks.create(spec);
    if (!made && made.error().kind != Error::Kind::conflict) {
      co_return fail(made.error());
    }
    // One that a slipwayd was making when it was killed may be there by now.
    there = co_await networks.settle(spec.name, spec.labels);
  }
  if (!there) co_return fail(not_seen(there.error(), "network", network.name, network.external));
  co_return check_network(network, *there, *target);
}

Result<void> HostWork::check_volume(const Volume& volume, const docker::Volume& there, const Target& target) const {
  const std::string what = "volume " + volume.name;
  if (volume.external) return check_owner(there.labels, what);
  const docker::VolumeSpec spec = volume_spec(target.application, volume, maker_);
  const std::string hash = label_of(spec.labels, label::spec_hash);
  if (label_of(there.labels, label::spec_hash) == hash && is_ours(there.labels)) return {};
  if (is_from_compose(there.labels)) return of_compose(what, target);
  if (!is_ours(there.labels)) return not_ours(there.labels, what);
  return fail(Error::Kind::conflict, what + " is there with another definition",
              "give the changed volume another name, or declare it external");
}

awaitable<Result<void>> HostWork::ensure_volume(Volume volume, TargetPtr target) {
  docker::Volumes& volumes = site_.engine->volumes();
  if (volume.external) {
    auto there = co_await volumes.inspect(volume.name);
    if (!there) co_return fail(not_seen(there.error(), "volume", volume.name, true));
    co_return check_volume(volume, *there, *target);
  }
  docker::VolumeSpec spec = volume_spec(target->application, volume, maker_);
  auto made = co_await volumes.create(std::move(spec));
  if (!made) co_return fail(made.error());
  co_return check_volume(volume, *made, *target);
}

awaitable<Result<void>> HostWork::look_ahead(TargetPtr target) {
  application_ = target->application.name;
  for (const Network& network : target->application.networks) {
    auto there = co_await site_.engine->networks().inspect(network.name);
    // Of several with one name `prepare` leaves one.
    const bool later = !there && !network.external &&
                       (there.error().kind == Error::Kind::not_found || there.error().kind == Error::Kind::conflict);
    if (later) continue;
    if (!there) co_return fail(not_seen(there.error(), "network", network.name, network.external));
    if (auto fits = check_network(network, *there, *target); !fits) co_return fits;
  }
  for (const Volume& volume : target->application.volumes) {
    auto there = co_await site_.engine->volumes().inspect(volume.name);
    if (!there && there.error().kind == Error::Kind::not_found && !volume.external) continue;
    if (!there) co_return fail(not_seen(there.error(), "volume", volume.name, volume.external));
    if (auto fits = check_volume(volume, *there, *target); !fits) co_return fits;
  }
  co_return Result<void>();
}

awaitable<Result<void>> HostWork::create_container(Wanted wanted, TargetPtr target, Difference on_host) {
  const Service* service = target->service(wanted.service);
  if (service == nullptr) co_return fail(Error::Kind::internal, "the generation has no service " + wanted.service);
  if (auto granted = check_granted(*target, *service); !granted) co_return granted;
  docker::ContainerSpec spec = container_spec(target->application, *service, wanted, maker_);
  if (!target->record.empty()) spec.labels[std::string(label::record)] = target->record;
  if (!service->renew_volumes) carry_volumes(spec, wanted, on_host);
  auto named = co_await site_.engine->containers().create_or_find(spec);
  if (!named) co_return fail(named.error());
  // Found: an answer was lost on its way. The container is ours if it says so.
  if (!named->found || label_of(named->found->config.labels, label::spec_hash) == wanted.spec_hash)
    co_return Result<void>();
  co_return fail(Error::Kind::conflict, "the name is taken by a container that is not this generation's");
}

awaitable<Result<void>> HostWork::start(Heading heading, TargetPtr target) {
  if (heading == Heading::back) {
    if (auto ended = co_await see_stops_through(target); !ended) co_return ended;
  }
  auto found = co_await look(target);
  if (found && !found->missing.empty() && heading == Heading::back) {
    // Forward it is a reason to go back. Going back, a host would be left without the application.
    if (auto made = co_await create(target); !made) co_return made;
    found = co_await look(target);
  }
  if (!found) co_return fail(found.error());
  if (!found->missing.empty()) {
    co_return fail(Error::Kind::not_found, "container " + found->missing.front().name + " was removed by somebody");
  }
  for (const Service* service : in_start_order(target->application)) {
    std::vector<Wanted> needed;
    for (const Dependency& on : service->depends_on) {
      if (on.condition == Dependency::Condition::started) continue;
      for (Wanted& one : of_service(target->wanted, on.service)) needed.push_back(std::move(one));
    }
    bool waited = needed.empty();
    for (const Shown& container : found->asleep) {
      if (container.service != service->name) continue;
      if (!waited) {
        if (auto healthy = co_await wait_healthy(needed, target); !healthy) co_return healthy;
        waited = true;
      }
      if (auto started = co_await start_container(container, *service, target); !started) {
        evidence_ = co_await last_words(site_.engine->containers(), container.id);
        co_return fail(started.error().in("start " + container.name));
      }
    }
  }
  co_return Result<void>();
}

/// What runs without the restart policy that it was made with was about to be stopped (stop_container), perhaps by a
/// process that is gone. The Engine goes on stopping it, so it is no container to go back to until it has ended and is
/// started again. (A service with `restart: no` shows no sign of this; Docker Compose's containers have a policy of
/// theirs.)
awaitable<Result<void>> HostWork::see_stops_through(TargetPtr target) {
  auto found = co_await look(target);
  if (!found) co_return fail(found.error());
  for (const Shown& one : found->right) {
    const Service* service = target->service(one.service);
    if (service == nullptr || !one.running || one.from_compose) continue;
    const docker::ContainerSpec spec = container_spec(target->application, *service, Wanted(), maker_);
    if (spec.restart.kind == docker::RestartPolicy::Kind::no) continue;
    auto there = co_await site_.engine->containers().inspect(one.id);
    if (!there && there.error().kind == Error::Kind::not_found) continue;
    if (!there) co_return fail(there.error());
    if (there->config.restart.kind != docker::RestartPolicy::Kind::no) continue;
    if (auto stopped = co_await stop_container(one); !stopped) co_return fail(stopped.error().in("stop " + one.name));
  }
  co_return Result<void>();
}

/// Below API 1.44 create and connect are separate calls; who died in between left a container with one network.
awaitable<Result<void>> HostWork::connect_rest(Shown container, std::vector<docker::NetworkAttachment> networks) {
  if (networks.size() < 2) co_return Result<void>();
  auto there = co_await site_.engine->containers().inspect(container.id);
  if (!there) co_return fail(there.error());
  for (const docker::NetworkAttachment& one : networks) {
    if (there->networks.contains(one.network)) continue;
    auto connected = co_await site_.engine->networks().connect(container.id, one);
    if (!connected) co_return fail(connected.error().in("connect to network " + one.network));
  }
  co_return Result<void>();
}

awaitable<Result<void>> HostWork::fill(std::string container, Service service, TargetPtr target) {
  for (auto& [folder, tar] : granted_files(*target, service)) {
    auto put = co_await put_files(site_.engine->archives(), container, folder, tar);
    if (!put) co_return fail(put.error().in("put secrets and configs into " + folder));
  }
  co_return Result<void>();
}

awaitable<Result<std::string>> HostWork::running_container(TargetPtr target, std::string service) {
  application_ = target->application.name;
  auto shown = co_await look_at_host(site_.engine->containers(), whose(maker_.instance, target->spec));
  if (!shown) co_return fail(shown.error());
  for (const Shown& one : difference(target->wanted, *shown).right) {
    if (one.service == service) co_return one.id;
  }
  co_return fail(Error::Kind::not_found, "no container of service " + service + " runs");
}

awaitable<Result<void>> HostWork::start_container(Shown container, Service service, TargetPtr target) {
  // What has run before has what it was given then, and is known by the hash of that. The project's secrets may be
  // others by now: the very ones that are the reason to go back. If they are the same it gets them anew, for images
  // whose entrypoint removes or rewrites its file.
  const bool same = target->unchanged.contains(service.name) && !container.from_compose;
  if (container.status == "created" || same) {
    if (auto granted = check_granted(*target, service); !granted) co_return granted;
    if (auto filled = co_await fill(container.id, service, target); !filled) co_return filled;
  }
  const Wanted unnamed;
  docker::ContainerSpec spec = container_spec(target->application, service, unnamed, maker_);
  if (auto connected = co_await connect_rest(container, spec.networks); !connected) co_return connected;
  // It was taken away when the container was stopped, see stop_container.
  auto set = co_await site_.engine->containers().set_restart_policy(container.id, spec.restart);
  if (!set) co_return set;
  co_return co_await site_.engine->containers().start(container.id);
}

awaitable<Result<void>> HostWork::wait_healthy(std::vector<Wanted> wanted, TargetPtr target) {
  HealthWatch watch(*site_.engine, pool_, clock_, *target, site_.address, maker_.rollout,
                    target->application.policy.min_healthy_time);
  for (;;) {
    auto seen = co_await watch.look(wanted);
    if (!seen) co_return fail(seen.error());
    if (seen->verdict == HealthGate::Verdict::healthy) co_return Result<void>();
    why_not_ = "container " + seen->container + ": " + seen->reason;
    if (seen->verdict == HealthGate::Verdict::failed) {
      evidence_ = co_await last_words(site_.engine->containers(), seen->container);
      co_return fail(Error::Kind::failed, why_not_);
    }
    // An inspect costs little, and every moment counts here; a gate has an interval of its own.
    co_await sleep_for(watch.has_gate() ? watch.interval() : health_poll);
  }
}

awaitable<Result<void>> HostWork::attach(TargetPtr target, unsigned weight) {
  auto found = co_await look(target);
  if (!found) co_return fail(found.error());
  std::vector<Backend> backends;
  for (const Shown& one : found->right) {
    const Service* service = target->service(one.service);
    if (service != nullptr) backends.push_back({one.service, one.name, service->route});
  }
  co_return co_await site_.traffic->attach(place(), std::move(backends), weight);
}

/// Until nothing is in flight, or what is has had its time: then the stop signal is the application's own affair.
awaitable<Result<void>> HostWork::drain(TargetPtr target) {
  auto found = co_await look(target);
  if (!found) co_return fail(found.error());
  std::vector<std::string> old;
  for (const Shown& one : found->surplus) old.push_back(one.name);
  if (auto detached = co_await site_.traffic->detach(place(), old); !detached) co_return detached;
  for (;;) {
    auto open = co_await site_.traffic->in_flight(place(), old);
    if (!open) co_return fail(open.error());
    const Milliseconds waited = open->waited.value_or(Milliseconds(0));
    const bool requests = open->requests > 0 && waited < open->limit.requests;
    const bool tunnels = open->tunnels > 0 && waited < open->limit.tunnels;
    if (!requests && !tunnels) co_return Result<void>();
    why_not_ = std::to_string(open->requests) + " requests and " + std::to_string(open->tunnels) +
               " tunnels of the old containers are open";
    co_await sleep_for(drain_poll);
  }
}

awaitable<Result<void>> HostWork::stop_old(Heading heading, TargetPtr target) {
  auto found = co_await look(target);
  if (!found) co_return fail(found.error());
  for (const Shown& old : in_stop_order(found->surplus, target->application)) {
    if (auto stopped = co_await stop_container(old); !stopped) co_return fail(stopped.error().in("stop " + old.name));
  }
  if (heading == Heading::forward) co_return co_await forget_routes(target);
  // What this rollout made did not work out; tried again, it starts from a fresh container.
  for (const auto* group : {&found->surplus, &found->spent}) {
    for (const Shown& one : *group) {
      if (one.rollout != maker_.rollout) continue;
      docker::RemoveContainer how;
      how.volumes = true;
      auto removed = co_await site_.engine->containers().remove(one.id, how);
      // A start that was on its way when its step was cancelled comes through after the look, too.
      if (!removed && removed.error().kind == Error::Kind::conflict) {
        auto stopped = co_await stop_container(one);
        if (!stopped) co_return fail(stopped.error().in("stop " + one.name));
        removed = co_await site_.engine->containers().remove(one.id, how);
      }
      if (!removed) co_return fail(removed.error().in("remove " + one.name));
    }
  }
  co_return co_await forget_routes(target);
}

/// Routes that the target does not have lead nowhere by now, and would keep their names from other applications.
awaitable<Result<void>> HostWork::forget_routes(TargetPtr target) {
  std::vector<std::string> routed;
  for (const Service& service : target->application.services) {
    if (service.route) routed.push_back(service.name);
  }
  co_return co_await site_.traffic->forget(place(), std::move(routed));
}

awaitable<Result<void>> HostWork::stop_container(Shown container) {
  docker::Containers& containers = site_.engine->containers();
  // Else a restart of the Engine would bring a stopped container with `restart: always` to life beside the new one.
  auto set = co_await containers.set_restart_policy(container.id, docker::RestartPolicy());
  if (!set && set.error().kind != Error::Kind::not_found) co_return set;
  auto there = co_await containers.inspect(container.id);
  if (!there && there.error().kind == Error::Kind::not_found) co_return Result<void>();
  if (!there) co_return fail(there.error());
  const std::optional<int> grace = there->config.stop_timeout_seconds;
  std::exception_ptr broken_off;
  Result<void> stopped;
  try {
    stopped = co_await containers.stop(container.id, grace);
  } catch (...) {
    broken_off = std::current_exception();
  }
  if (!broken_off) co_return stopped;
  // The Engine goes on stopping it: who goes back now would find it running, and a moment later it would not.
  co_await allow_cleanup();
  auto again = containers.stop(container.id, grace);
  (void)co_await with_deadline(stop_broken_off, std::move(again), "stopping " + container.name);
  std::rethrow_exception(broken_off);
}

awaitable<Result<void>> HostWork::prune(TargetPtr target) {
  auto found = co_await look(target);
  if (!found) co_return fail(found.error());
  for (const Shown& old : to_prune(*found, target->kept)) {
    docker::RemoveContainer how;
    how.volumes = true;
    auto removed = co_await site_.engine->containers().remove(old.id, how);
    if (!removed) co_return fail(removed.error().in("remove " + old.name));
  }
  co_return co_await keep_record(target, &*found);
}

/// A generation that changes no container here, such as one that takes a service away, leaves its record in a volume.
awaitable<Result<void>> HostWork::keep_record(TargetPtr target, const Difference* found) {
  const std::string number = std::to_string(target->spec.number);
  const std::string name = application_ + "-slipway-record-g" + number;
  const bool carried = std::any_of(found->right.begin(), found->right.end(), [&](const Shown& one) {
    return one.recorded && one.generation == target->spec.number;
  });
  docker::Volumes& volumes = site_.engine->volumes();
  docker::Filters ours;
  ours.label(std::string(label::application), application_).label(std::string(label::record));
  auto listed = co_await volumes.list(ours);
  if (!listed) co_return fail(listed.error());
  for (const docker::Volume& one : *listed) {
    if (one.name == name && !carried) continue;
    auto removed = co_await volumes.remove(one.name);
    if (!removed) co_return fail(removed.error());
  }
  if (carried || target->record.empty()) co_return Result<void>();
  docker::VolumeSpec spec;
  spec.name = name;
  spec.labels = {{std::string(label::instance), maker_.instance},
                 {std::string(label::application), application_},
                 {std::string(label::generation), number},
                 {std::string(label::record), target->record}};
  auto made = co_await volumes.create(std::move(spec));
  if (!made) co_return fail(made.error());
  co_return Result<void>();
}

}  // namespace slipway::rollouts
