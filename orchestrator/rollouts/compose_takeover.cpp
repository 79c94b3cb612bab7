#include "orchestrator/rollouts/compose_takeover.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "docker-client/images.hpp"
#include "images/reference.hpp"
#include "orchestrator/rollouts/host_view.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "orchestrator/rollouts/likeness.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::chrono::seconds takeover_limit{10};

int number_of(const docker::ContainerSummary& one) {
  const std::string text = label_of(one.labels, label::compose_number);
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::vector<const docker::ContainerSummary*> of_service(const ComposeHost& host, const Service& service) {
  std::vector<const docker::ContainerSummary*> found;
  for (const docker::ContainerSummary& one : host.there) {
    if (label_of(one.labels, label::compose_service) != service.name) continue;
    const Shown state = shown_from(one);
    if (state.running || (service.completes && state.completed)) found.push_back(&one);
  }
  std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) { return number_of(*a) < number_of(*b); });
  return found;
}

std::string counted(std::size_t number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

std::vector<const ComposeContainer*> chosen_of(const ComposeHost& host, const std::string& service) {
  std::vector<const ComposeContainer*> found;
  for (const ComposeContainer& one : host.chosen) {
    if (one.service == service) found.push_back(&one);
  }
  return found;
}

}  // namespace

Result<std::vector<ComposeContainer>> choose(const ComposeHost& host, const Application& application) {
  for (const docker::ContainerSummary& one : host.there) {
    const std::string service = label_of(one.labels, label::compose_service);
    if (!shown_from(one).running || application.service(service) != nullptr) continue;
    return fail(Error::Kind::conflict,
                "host " + host.host + " runs container " + one.name + " of service '" + service +
                    "', which the file does not have",
                "add the service to the file, or stop its container");
  }
  std::vector<ComposeContainer> chosen;
  for (const Service& service : application.services) {
    const auto there = of_service(host, service);
    if (there.size() != service.replicas) {
      return fail(Error::Kind::conflict,
                  "service '" + service.name + "' has " + counted(there.size(), "container") + " on host " + host.host +
                      ", and the file asks for " + std::to_string(service.replicas),
                  "start or stop what is missing or too much with Docker Compose first, or let `scale` in the file say "
                  "what runs");
    }
    for (std::size_t i = 0; i < there.size(); ++i) {
      chosen.push_back({there[i]->id, there[i]->name, service.name, i + 1, there[i]->image_id});
    }
  }
  return chosen;
}

awaitable<Result<void>> ComposeTakeover::look_at(ComposeHost* host) {
  auto engine = parts_.hosts.engine(host->host);
  if (!engine) co_return fail(engine.error());
  auto looking = compose_containers((*engine)->containers(), application_.name);
  auto listed = co_await with_deadline(takeover_limit, std::move(looking), "look at host " + host->host);
  if (!listed) {
    co_return fail(Error::Kind::unavailable, "host " + host->host + ": " + listed.error().message,
                   "all hosts of the application have to answer");
  }
  host->there = std::move(*listed);
  auto chosen = choose(*host, application_);
  if (!chosen) co_return fail(chosen.error());
  host->chosen = std::move(*chosen);
  co_return Result<void>();
}

awaitable<Result<void>> ComposeTakeover::look(std::vector<std::string> hosts) {
  hosts_.clear();
  for (const std::string& name : hosts) {
    ComposeHost host;
    host.host = name;
    if (auto looked = co_await look_at(&host); !looked) co_return looked;
    hosts_.push_back(std::move(host));
  }
  co_return Result<void>();
}

/// By the digest that the file's own repository has it under, if there is one.
awaitable<Result<std::string>> ComposeTakeover::image_of(std::string host, std::string id, std::string service) {
  auto engine = parts_.hosts.engine(host);
  if (!engine) co_return fail(engine.error());
  docker::Images images((*engine)->transport());
  auto image = co_await images.inspect(id);
  if (!image) co_return fail(image.error().in("image of service '" + service + "' on host " + host));
  std::string chosen = image->repo_digests.empty() ? id : image->repo_digests.front();
  const Service* in_file = application_.service(service);
  const auto reference = images::parse_reference(in_file == nullptr ? std::string() : in_file->image);
  for (const std::string& one : image->repo_digests) {
    const auto own = images::parse_reference(one);
    if (reference && own && own->repository() == reference->repository()) chosen = one;
  }
  co_return chosen;
}

awaitable<Result<std::map<std::string, std::string>>> ComposeTakeover::images() {
  std::map<std::string, std::string> images;
  std::map<std::string, const ComposeContainer*> first;
  std::map<std::string, std::string> first_host;
  for (const ComposeHost& host : hosts_) {
    for (const ComposeContainer& one : host.chosen) {
      const auto [before, added] = first.emplace(one.service, &one);
      if (!added && before->second->image_id == one.image_id) continue;
      if (!added) {
        co_return fail(Error::Kind::conflict,
                       "service '" + one.service + "' runs image " + before->second->image_id + " on host " +
                           first_host[one.service] + " and " + one.image_id + " on host " + host.host,
                       "bring them to the same one with Docker Compose first");
      }
      first_host[one.service] = host.host;
      auto image = co_await image_of(host.host, one.image_id, one.service);
      if (!image) co_return fail(image.error());
      images[one.service] = std::move(*image);
    }
  }
  co_return images;
}

/// The Engine makes a volume that a container names and that is not there: what only compares must not.
awaitable<Result<std::string>> ComposeTakeover::missing_volume(docker::Engine* engine, docker::ContainerSpec spec) {
  for (const docker::Mount& mount : spec.mounts) {
    if (mount.type != docker::Mount::Type::volume || mount.source.empty()) continue;
    auto there = co_await engine->volumes().inspect(mount.source);
    if (!there && there.error().kind == Error::Kind::not_found) co_return mount.source;
    if (!there) co_return fail(there.error());
  }
  co_return std::string();
}

awaitable<Result<std::vector<std::string>>> ComposeTakeover::unlike_on(const ComposeHost* host, std::string service,
                                                                       Wanted wanted) {
  using Lines = std::vector<std::string>;
  auto at = parts_.hosts.engine(host->host);
  if (!at) co_return fail(at.error());
  docker::Engine* engine = *at;
  Maker maker;
  maker.instance = parts_.store.fleet();
  docker::ContainerSpec spec = container_spec(application_, *application_.service(service), wanted, maker);
  spec.name = application_.name + "-" + service + "-likeness";
  spec.labels[std::string(label::hook)] = "likeness";
  auto volume = co_await missing_volume(engine, spec);
  if (!volume) co_return fail(volume.error());
  if (!volume->empty()) co_return Lines{"there is no volume " + *volume};
  docker::RemoveContainer away;
  away.volumes = true;
  auto removed = co_await engine->containers().remove(spec.name, away);  // of an adoption that was broken off
  if (!removed) co_return fail(removed.error());
  auto created = co_await engine->containers().create(spec);
  if (!created && created.error().transient()) co_return fail(created.error());
  if (!created) co_return Lines{"it can't be made anew: " + created.error().message};
  auto made = co_await engine->containers().inspect_json(created->id);
  removed = co_await engine->containers().remove(created->id, away);
  if (!made) co_return fail(made.error());
  if (!removed) co_return fail(removed.error());
  for (const ComposeContainer* one : chosen_of(*host, service)) {
    auto there = co_await engine->containers().inspect_json(one->id);
    if (!there) co_return fail(there.error());
    Lines lines = unlike(*there, *made);
    if (!lines.empty()) co_return lines;
  }
  co_return Lines{};
}

awaitable<Result<std::map<std::string, std::vector<std::string>>>> ComposeTakeover::unlike_file(GenerationSpec spec) {
  std::map<std::string, std::vector<std::string>> unlike;
  for (const Wanted& wanted : wanted_of(spec)) {
    if (wanted.replica != 1) continue;
    for (const ComposeHost& host : hosts_) {
      auto lines = co_await unlike_on(&host, wanted.service, wanted);
      if (!lines) co_return fail(lines.error().in("host " + host.host));
      for (const std::string& line : *lines) {
        unlike[wanted.service].push_back("host " + host.host + ", service '" + wanted.service + "': " + line);
      }
    }
  }
  co_return unlike;
}

awaitable<Result<void>> ComposeTakeover::rename_on(const ComposeHost* host, GenerationSpec spec) {
  auto engine = parts_.hosts.engine(host->host);
  if (!engine) co_return fail(engine.error());
  docker::Containers& containers = (*engine)->containers();
  for (const ComposeContainer& one : host->chosen) {
    const Release* release = spec.find(one.service);
    if (release == nullptr) continue;
    const std::string name = container_name(spec.application, one.service, release->generation, one.replica);
    if (one.name != name) {
      if (auto renamed = co_await containers.rename(one.id, name); !renamed) co_return renamed;
    }
    if (release->spec_hash == unlike_its_file) continue;
    Wanted wanted;
    wanted.image = release->image;
    const Maker nobody;
    const docker::ContainerSpec made = container_spec(application_, *application_.service(one.service), wanted, nobody);
    if (auto set = co_await containers.set_restart_policy(one.id, made.restart); !set) co_return set;
  }
  co_return Result<void>();
}

awaitable<Result<void>> ComposeTakeover::rename(GenerationSpec spec) {
  for (const ComposeHost& host : hosts_) {
    if (auto renamed = co_await rename_on(&host, spec); !renamed)
      co_return fail(renamed.error().in("host " + host.host));
  }
  co_return Result<void>();
}

}  // namespace slipway::rollouts
