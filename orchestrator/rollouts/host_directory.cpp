#include "orchestrator/rollouts/host_directory.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "orchestrator/rollouts/gather.hpp"
#include "orchestrator/rollouts/labels.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::chrono::seconds manager_limit{3};

bool names(const HostSettings& host, const std::string& target) {
  return host.name == target || std::find(host.groups.begin(), host.groups.end(), target) != host.groups.end();
}

std::string known_names(const std::vector<HostSettings>& hosts, const std::vector<SwarmSettings>& swarms) {
  std::vector<std::string> all;
  all.reserve(swarms.size() + hosts.size());
  for (const SwarmSettings& swarm : swarms) all.push_back(swarm.name);
  for (const HostSettings& host : hosts) {
    all.push_back(host.name);
    all.insert(all.end(), host.groups.begin(), host.groups.end());
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all.empty() ? "no hosts are declared in the daemon's settings" : "there are: " + joined(all);
}

HostStatus known_of(const HostSettings& settings) {
  HostStatus status;
  status.name = settings.name;
  status.endpoint = settings.endpoint.text();
  status.groups = settings.groups;
  return status;
}

}  // namespace

HostDirectory::HostDirectory(Executor executor, const std::string& fleet, std::vector<HostSettings> hosts,
                             std::vector<SwarmSettings> swarms)
    : fleet_(fleet), settings_(std::move(hosts)), swarms_(std::move(swarms)) {
  docker::TransportOptions options;
  options.connect_timeout = std::chrono::seconds(5);
  for (const HostSettings& host : settings_) {
    engines_.emplace(host.name, std::make_unique<docker::Engine>(executor, host.endpoint, options));
  }
}

Result<std::vector<std::string>> HostDirectory::resolve(const std::vector<std::string>& targets) const {
  if (targets.size() == 1 && swarm(targets.front()) != nullptr) return targets;
  for (const std::string& target : targets) {
    const bool known =
        std::any_of(settings_.begin(), settings_.end(), [&](const HostSettings& host) { return names(host, target); });
    if (!known) {
      return fail(Error::Kind::not_found, "'" + target + "' is no host and no group of hosts",
                  known_names(settings_, swarms_));
    }
  }
  std::vector<std::string> found;
  for (const HostSettings& host : settings_) {
    const bool wanted =
        std::any_of(targets.begin(), targets.end(), [&](const std::string& target) { return names(host, target); });
    if (wanted) found.push_back(host.name);
  }
  return found;
}

const HostSettings* HostDirectory::find(const std::string& name) const {
  const auto found =
      std::find_if(settings_.begin(), settings_.end(), [&](const HostSettings& host) { return host.name == name; });
  return found == settings_.end() ? nullptr : &*found;
}

const SwarmSettings* HostDirectory::swarm(const std::string& name) const {
  const auto found =
      std::find_if(swarms_.begin(), swarms_.end(), [&](const SwarmSettings& swarm) { return swarm.name == name; });
  return found == swarms_.end() ? nullptr : &*found;
}

awaitable<Result<docker::Engine*>> HostDirectory::manager(std::string name) {
  const SwarmSettings* settings = swarm(name);
  if (settings == nullptr) {
    co_return fail(Error::Kind::not_found, "swarm '" + name + "' is not in the daemon's settings",
                   known_names(settings_, swarms_));
  }
  std::vector<std::string> managers = settings->managers;
  const auto last = std::find(managers.begin(), managers.end(), spoken_to_[name]);
  if (last != managers.end()) std::rotate(managers.begin(), last, managers.end());
  std::string why;
  for (const std::string& manager : managers) {
    auto engine = this->engine(manager);
    if (!engine) co_return engine;
    auto asked = co_await with_deadline(manager_limit, (*engine)->swarm().id(), "asking manager " + manager);
    if (asked) {
      spoken_to_[name] = manager;
      co_return engine;
    }
    why += (why.empty() ? "" : "; ") + manager + ": " + asked.error().message;
  }
  co_return fail(Error::Kind::unavailable, "no manager of swarm " + name + " answers: " + why);
}

Result<docker::Engine*> HostDirectory::engine(const std::string& name) {
  const auto found = engines_.find(name);
  if (found != engines_.end()) return found->second.get();
  return fail(Error::Kind::not_found, "host '" + name + "' is not in the daemon's settings",
              known_names(settings_, swarms_));
}

std::string HostDirectory::address_of(const std::string& name) const {
  const HostSettings* host = find(name);
  if (host == nullptr) return {};
  if (!host->address.empty()) return host->address;
  return host->endpoint.host.empty() ? "127.0.0.1" : host->endpoint.host;
}

awaitable<Result<HostStatus>> HostDirectory::look(HostSettings settings) {
  docker::Engine& engine = *engines_.at(settings.name);
  HostStatus status = known_of(settings);
  auto version = co_await engine.system().version();
  if (!version) co_return fail(version.error());
  status.reachable = true;
  status.engine_version = version->version;
  docker::ListContainers what;
  what.all = false;
  what.filters.label(std::string(label::instance), fleet_).label(std::string(label::application));
  auto containers = co_await engine.containers().list(std::move(what));
  if (!containers) co_return fail(containers.error());
  for (const docker::ContainerSummary& one : *containers) {
    if (one.labels.contains(std::string(label::run))) continue;
    ++status.applications[one.labels.at(std::string(label::application))];
  }
  co_return status;
}

namespace {

awaitable<void> look_into(awaitable<Result<HostStatus>> look, HostStatus* into, Duration limit) {
  auto seen = co_await with_deadline(limit, std::move(look), "asking host " + into->name);
  if (seen) {
    *into = std::move(*seen);
  } else {
    into->reason = seen.error().message;
  }
}

}  // namespace

awaitable<std::vector<HostStatus>> HostDirectory::status(Duration limit) {
  std::vector<HostStatus> all;
  all.reserve(settings_.size());
  for (const HostSettings& host : settings_) all.push_back(known_of(host));
  std::vector<awaitable<void>> looks;
  looks.reserve(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) looks.push_back(look_into(look(settings_[i]), &all[i], limit));
  co_await run_all("host status", std::move(looks));
  co_return all;
}

}  // namespace slipway::rollouts
