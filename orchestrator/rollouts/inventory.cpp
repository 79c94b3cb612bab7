#include "orchestrator/rollouts/inventory.hpp"

#include <algorithm>

#include "docker-client/log_lines.hpp"
#include "docker-client/task_logs.hpp"
#include "orchestrator/rollouts/behind.hpp"
#include "orchestrator/rollouts/drift_look.hpp"
#include "orchestrator/rollouts/gather.hpp"
#include "orchestrator/rollouts/generations.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "orchestrator/rollouts/swarm/swarm_status.hpp"
#include "orchestrator/store/drifts.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::chrono::seconds state_limit{5};
constexpr std::chrono::seconds logs_limit{10};
constexpr std::size_t most_log_lines = 10'000;
constexpr std::size_t most_bytes = 4 << 20;  // of one container's lines

}  // namespace

namespace {

std::string unhealthy_in(const std::vector<Wanted>& wanted, const std::vector<Shown>& shown) {
  for (const Shown& one : difference(wanted, shown).right) {
    if (one.health == Health::unhealthy) return "container " + one.name + " is unhealthy";
  }
  return {};
}

}  // namespace

awaitable<Result<ApplicationSummary>> Inventory::summary(store::Application application) {
  ApplicationSummary summary;
  summary.name = application.name;
  summary.project = application.project;
  summary.promoted = application.promoted;
  if (application.promoted != 0) {
    auto generation =
        co_await parts_.store.read(&store::Applications::generation, application.name, application.promoted);
    if (!generation) co_return fail(generation.error());
    summary.promoted_at = generation->promoted;
  }
  auto newest = co_await parts_.store.read(&store::Rollouts::list, application.name, 1);
  if (!newest) co_return fail(newest.error());
  if (!newest->empty()) summary.newest = newest->front();
  co_return summary;
}

awaitable<Result<std::vector<ApplicationSummary>>> Inventory::list() {
  auto applications = co_await parts_.store.read(&store::Applications::list);
  if (!applications) co_return fail(applications.error());
  std::vector<ApplicationSummary> all;
  for (const store::Application& application : *applications) {
    auto one = co_await summary(application);
    if (!one) co_return fail(one.error());
    all.push_back(std::move(*one));
  }
  co_return all;
}

awaitable<Result<GenerationSpec>> Inventory::promoted(store::Application application) {
  GenerationSpec nothing;
  nothing.application = application.name;
  if (application.promoted == 0) co_return nothing;
  auto row = co_await parts_.store.read(&store::Applications::generation, application.name, application.promoted);
  if (!row) co_return fail(row.error());
  co_return from_row(*row);
}

/// Of a host that the settings do not have.
awaitable<std::string> Inventory::why_unknown(std::string application, std::string host) {
  auto had = co_await parts_.store.read(&store::Rollouts::generation_on, application, host);
  co_return why_gone(had.value_or(0));
}

awaitable<void> Inventory::look(std::shared_ptr<const Target> target, HostOfApplication* into) {
  if (target->spec.swarm) co_return co_await look_at_swarm(target, into);
  into->state = "unknown";
  auto engine = parts_.hosts.engine(into->host);
  if (!engine) {
    into->reason = co_await why_unknown(target->application.name, into->host);
    co_return;
  }
  auto looking = look_for_drift(*engine, parts_.store.fleet(), target);
  auto seen = co_await with_deadline(logs_limit, std::move(looking), "asking host " + into->host);
  if (!seen) {
    into->reason = seen.error().message;
    co_return;
  }
  into->drift = std::move(seen->drift);
  into->containers = std::move(seen->containers);
  into->reason = summary_of(into->drift);
  into->state = into->drift.empty() ? "ok" : "drifted";
  if (!into->drift.empty()) co_return;
  into->reason = unhealthy_in(target->wanted, into->containers);
  if (!into->reason.empty()) into->state = "unhealthy";
}

namespace {

awaitable<Result<swarm::SwarmLook>> ask_swarm(HostDirectory* hosts, std::string name, std::string fleet,
                                              std::shared_ptr<const Target> target) {
  auto manager = co_await hosts->manager(name);
  if (!manager) co_return fail(manager.error());
  co_return co_await swarm::look_for_status(*manager, std::move(fleet), std::move(target));
}

}  // namespace

awaitable<void> Inventory::look_at_swarm(std::shared_ptr<const Target> target, HostOfApplication* into) {
  into->state = "unknown";
  auto looking = ask_swarm(&parts_.hosts, into->host, parts_.store.fleet(), target);
  auto seen = co_await with_deadline(logs_limit, std::move(looking), "asking swarm " + into->host);
  if (!seen) {
    into->reason = seen.error().message;
    co_return;
  }
  into->drift = std::move(seen->look.drift);
  into->containers = std::move(seen->look.containers);
  into->reason = summary_of(into->drift);
  into->state = into->drift.empty() ? "ok" : "drifted";
  if (!into->drift.empty() || seen->unhealthy.empty()) co_return;
  into->reason = std::move(seen->unhealthy);
  into->state = "unhealthy";
}

awaitable<Result<std::vector<HostOfApplication>>> Inventory::hosts_of(std::shared_ptr<const Target> target) {
  const std::vector<std::string>& names = target->spec.hosts;
  std::vector<HostOfApplication> hosts(names.size());
  std::vector<awaitable<void>> looks;
  for (std::size_t i = 0; i < names.size(); ++i) {
    hosts[i].host = names[i];
    looks.push_back(look(target, &hosts[i]));
  }
  co_await run_all("application status", std::move(looks));
  auto known = co_await parts_.store.read(&store::Drifts::list, target->application.name);
  if (!known) co_return fail(known.error());
  for (HostOfApplication& host : hosts) {
    for (const store::HostDrift& drift : *known) {
      if (drift.host == host.host && !host.drift.empty()) host.drifted_since = drift.since;
    }
  }
  auto former = co_await former_hosts(target);
  if (!former) co_return former;
  hosts.insert(hosts.end(), former->begin(), former->end());
  co_return hosts;
}

/// Hosts that the application was to leave while nobody could ask them, since the settings do not have them any more.
awaitable<Result<std::vector<HostOfApplication>>> Inventory::former_hosts(std::shared_ptr<const Target> target) {
  const std::string application = target->application.name;
  auto left = co_await parts_.store.read(&store::Rollouts::left_behind, application);
  if (!left) co_return fail(left.error());
  std::vector<HostOfApplication> former;
  for (const store::HostLeftBehind& one : *left) {
    const bool known = parts_.hosts.find(one.host) != nullptr || parts_.hosts.swarm(one.host) != nullptr;
    if (known || std::find(target->spec.hosts.begin(), target->spec.hosts.end(), one.host) != target->spec.hosts.end())
      continue;
    HostOfApplication host;
    host.host = one.host;
    host.state = "unknown";
    host.reason = co_await why_unknown(application, one.host);
    host.former = true;
    former.push_back(std::move(host));
  }
  co_return former;
}

awaitable<Result<ApplicationStatus>> Inventory::status(std::string name) {
  auto application = co_await parts_.store.read(&store::Applications::get, name);
  if (!application) co_return fail(application.error());
  auto known = co_await summary(*application);
  if (!known) co_return fail(known.error());
  auto target = co_await load_outline(parts_, name, application->promoted);
  if (!target) co_return fail(target.error());
  ApplicationStatus status;
  status.summary = std::move(*known);
  for (const Release& release : (*target)->spec.releases) status.images[release.service] = release.image;
  auto hosts = co_await hosts_of(*target);
  if (!hosts) co_return fail(hosts.error());
  auto newest = co_await parts_.store.read(&store::Applications::generations, name, std::size_t{1});
  if (!newest) co_return fail(newest.error());
  for (HostOfApplication& host : *hosts) {
    if (newest->empty() || host.drift.empty()) continue;
    tell_unknown(host.drift, host.containers, newest->front().number);
    host.reason = summary_of(host.drift);
  }
  status.hosts = std::move(*hosts);
  co_return status;
}

namespace {

docker::LogsRequest last_lines(std::size_t tail) {
  docker::LogsRequest what;
  what.tail = static_cast<std::int64_t>(tail);
  what.timestamps = true;
  return what;
}

/// Each as `like`, which says where it comes from.
awaitable<Result<std::vector<ApplicationLine>>> read_lines(docker::ResponseStream stream, bool tty,
                                                           ApplicationLine like) {
  docker::LogDemultiplexer frames(tty ? docker::LogFormat::raw : docker::LogFormat::multiplexed);
  docker::LineAssembler assembler(true, 64 << 10);
  bool whole = false;
  for (std::size_t bytes = 0; bytes < most_bytes && !whole;) {
    auto chunk = co_await stream.next();
    if (!chunk) co_return fail(chunk.error());
    whole = chunk->empty();
    bytes += chunk->size();
    frames.feed(*chunk);
    auto frame = frames.next();
    for (; frame && *frame; frame = frames.next()) assembler.add(**frame);
    if (!frame) co_return fail(frame.error());
  }
  if (whole) assembler.finish();
  std::vector<ApplicationLine> lines;
  for (auto line = assembler.next(); line; line = assembler.next()) {
    like.stream = line->stream == docker::LogStream::err ? "stderr" : "stdout";
    like.time = line->time;
    like.text = line->text;
    like.ends = line->ends;
    lines.push_back(like);
  }
  co_return lines;
}

awaitable<Result<std::vector<ApplicationLine>>> container_lines(docker::Containers* containers, Shown container,
                                                                std::string host, std::size_t tail) {
  auto inspected = co_await containers->inspect(container.id);
  if (!inspected) co_return fail(inspected.error());
  auto stream = co_await containers->logs(container.id, last_lines(tail));
  if (!stream) co_return fail(stream.error());
  ApplicationLine like{host, container.service, container.name, {}, {}, {}, true};
  co_return co_await read_lines(std::move(*stream), inspected->config.tty, std::move(like));
}

}  // namespace

awaitable<Result<std::vector<ApplicationLine>>> Inventory::host_logs(Whose whose, std::string service, std::string host,
                                                                     std::size_t tail) {
  auto engine = parts_.hosts.engine(host);
  if (!engine) co_return fail(engine.error());
  docker::Containers* containers = &(*engine)->containers();
  auto shown = co_await look_at_host(*containers, std::move(whose));
  if (!shown) co_return fail(shown.error());
  std::vector<ApplicationLine> lines;
  for (const Shown& one : *shown) {
    if (!one.running || (!service.empty() && one.service != service)) continue;
    auto more = co_await container_lines(containers, one, host, tail);
    if (!more) co_return fail(more.error().in("log of " + one.name));
    lines.insert(lines.end(), more->begin(), more->end());
  }
  co_return lines;
}

/// A task stands for its container: a swarm does not tell the names of those.
awaitable<Result<std::vector<ApplicationLine>>> Inventory::swarm_logs(std::string application, std::string service,
                                                                      std::string place, std::size_t tail) {
  auto manager = co_await parts_.hosts.manager(place);
  if (!manager) co_return fail(manager.error());
  auto views = co_await swarm::look_at_services(*manager, parts_.store.fleet(), application);
  if (!views) co_return fail(views.error());
  docker::TaskLogs logs((*manager)->transport());
  std::vector<ApplicationLine> lines;
  for (const swarm::ServiceView& view : *views) {
    const std::string name = label_of(view.service.labels, label::service);
    if (!service.empty() && name != service) continue;
    const bool tty = view.service.spec.find("\"TTY\":true") != std::string::npos;
    for (const docker::Task& task : view.tasks) {
      if (task.state != "running") continue;
      auto stream = co_await logs.open(task.id, last_lines(tail));
      if (!stream) co_return fail(stream.error());
      ApplicationLine like{place, name, view.service.name + "." + task.id, {}, {}, {}, true};
      auto more = co_await read_lines(std::move(*stream), tty, std::move(like));
      if (!more) co_return fail(more.error().in("log of a task of " + view.service.name));
      lines.insert(lines.end(), more->begin(), more->end());
    }
  }
  co_return lines;
}

awaitable<Result<ApplicationLogs>> Inventory::logs(std::string application, std::string service, std::string host,
                                                   std::size_t tail) {
  auto known = co_await parts_.store.read(&store::Applications::get, application);
  if (!known) co_return fail(known.error());
  auto spec = co_await promoted(*known);
  if (!spec) co_return fail(spec.error());
  std::vector<std::string> asked = spec->hosts;
  if (!host.empty()) {
    std::erase_if(asked, [&](const std::string& one) { return one != host; });
    if (asked.empty()) {
      co_return fail(Error(Error::Kind::not_found, application + " is not for a host '" + host + "'",
                           "slipway app status " + application + " shows its hosts"));
    }
  }
  ApplicationLogs logs;
  for (const std::string& one : asked) {
    auto reading = spec->swarm
                       ? swarm_logs(application, service, one, std::min(tail, most_log_lines))
                       : host_logs(whose(parts_.store.fleet(), *spec), service, one, std::min(tail, most_log_lines));
    auto more = co_await with_deadline(state_limit, std::move(reading), "asking host " + one);
    if (!more && asked.size() == logs.unread.size() + 1) co_return fail(more.error().in("host " + one));
    if (more) {
      logs.lines.insert(logs.lines.end(), more->begin(), more->end());
    } else {
      logs.unread.push_back({one, more.error().message});
    }
  }
  co_return logs;
}

}  // namespace slipway::rollouts
