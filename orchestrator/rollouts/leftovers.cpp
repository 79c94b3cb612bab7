#include "orchestrator/rollouts/leftovers.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "images/reference.hpp"
#include "orchestrator/rollouts/generations.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/rollouts.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::size_t generations_remembered = 1000;  // whose images are known to be the application's

/// "repository@digest" in full, as hosts are told to pull; empty if it is no name by digest.
std::string pulled_name(std::string_view written) {
  const auto reference = images::parse_reference(written);
  if (!reference || reference->digest.empty() || !reference->tag.empty()) return {};
  return reference->repository() + "@" + reference->digest;
}

/// Of store::Generation::images.
void add_pulled(std::set<std::string>& names, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    const auto images = parse_json(text);
    if (!images || !images->is_object()) continue;
    for (const auto& [service, image] : images->items()) {
      if (!image.is_string()) continue;
      std::string name = pulled_name(image.get_ref<const std::string&>());
      if (!name.empty()) names.insert(std::move(name));
    }
  }
}

/// The Engine writes "<none>" where there is none.
bool names_something(const std::string& written) {
  return written.find("<none>") == std::string::npos;
}

/// All that containers hold, be they stopped.
struct Held {
  std::set<std::string> images;    ///< ids
  std::set<std::string> networks;  ///< names and ids
};

awaitable<Result<Held>> held_on(docker::Engine& engine) {
  docker::ListContainers all;
  auto listed = co_await engine.containers().list(std::move(all));
  if (!listed) co_return fail(listed.error());
  Held held;
  for (const docker::ContainerSummary& one : *listed) {
    held.images.insert(one.image_id);
    for (const auto& [name, endpoint] : one.networks) {
      held.networks.insert(name);
      held.networks.insert(endpoint.network_id);
    }
  }
  co_return held;
}

awaitable<Result<std::vector<OldImage>>> find_images(docker::Engine& engine, const StillNeeded& needed) {
  const bool any = std::any_of(needed.had.begin(), needed.had.end(),
                               [&](const std::string& one) { return !needed.images.contains(one); });
  if (!any) co_return std::vector<OldImage>();
  docker::Filters all;
  auto listed = co_await engine.images().list(std::move(all));
  if (!listed) co_return fail(listed.error());
  co_return old_images(*listed, needed);
}

awaitable<Result<std::vector<docker::Network>>> find_networks(docker::Engine& engine, std::string instance,
                                                              std::string application, const StillNeeded& needed) {
  docker::Filters ours;
  ours.label(std::string(label::instance), instance).label(std::string(label::application), application);
  auto listed = co_await engine.networks().list(std::move(ours));
  if (!listed) co_return fail(listed.error());
  co_return old_networks(*listed, needed);
}

bool is_refusal(const Error& error) {
  return error.kind == Error::Kind::conflict || error.kind == Error::Kind::forbidden;
}

/// What hosts may be asked for since it was looked up. By then the rollout that asks is committed.
awaitable<Result<bool>> is_to_come(Parts& parts, const OldImage& image) {
  auto texts = co_await parts.store.read(&store::Applications::images_to_come);
  if (!texts) co_return fail(texts.error());
  std::set<std::string> wanted;
  add_pulled(wanted, *texts);
  co_return std::any_of(image.names.begin(), image.names.end(),
                        [&](const std::string& name) { return wanted.contains(pulled_name(name)); });
}

/// Whether it went.
awaitable<Result<bool>> remove_names(docker::Engine& engine, const OldImage& image) {
  for (const std::string& name : image.names) {
    auto removed = co_await engine.images().remove(name);
    if (!removed && is_refusal(removed.error())) co_return false;
    if (!removed) co_return fail(removed.error());
  }
  co_return true;
}

}  // namespace

awaitable<Result<StillNeeded>> needed_by(Parts& parts, std::string application) {
  auto owner = co_await parts.store.read(&store::Applications::get, application);
  if (!owner) co_return fail(owner.error());
  auto open = co_await parts.store.read(&store::Rollouts::open, application);
  if (!open) co_return fail(open.error());
  std::set<std::int64_t> generations;
  for (const store::Rollout& one : *open) generations.insert(one.generation);
  if (owner->promoted != 0) {
    auto promoted = co_await load_outline(parts, application, owner->promoted);
    if (!promoted) co_return fail(promoted.error());
    const std::size_t keep = (*promoted)->application.policy.keep;
    auto kept = co_await kept_generations(parts, application, owner->promoted, keep);
    if (!kept) co_return fail(kept.error());
    generations.insert(owner->promoted);
    generations.insert(kept->begin(), kept->end());
  }
  StillNeeded needed;
  for (const std::int64_t number : generations) {
    auto outline = co_await load_outline(parts, application, number);
    if (!outline) co_return fail(outline.error());
    for (const Release& release : (*outline)->spec.releases) needed.images.insert(pulled_name(release.image));
    for (const Network& network : (*outline)->application.networks) needed.networks.insert(network.name);
  }
  auto had = co_await parts.store.read(&store::Applications::images_of, application, generations_remembered);
  if (!had) co_return fail(had.error());
  add_pulled(needed.had, *had);
  auto to_come = co_await parts.store.read(&store::Applications::images_to_come);
  if (!to_come) co_return fail(to_come.error());
  add_pulled(needed.images, *to_come);
  co_return needed;
}

std::vector<OldImage> old_images(const std::vector<docker::ImageSummary>& there, const StillNeeded& needed) {
  std::vector<OldImage> old;
  for (const docker::ImageSummary& image : there) {
    if (std::any_of(image.repo_tags.begin(), image.repo_tags.end(), names_something)) continue;
    OldImage one{image.id, {}, image.size};
    std::copy_if(image.repo_digests.begin(), image.repo_digests.end(), std::back_inserter(one.names), names_something);
    const bool goes = std::all_of(one.names.begin(), one.names.end(), [&](const std::string& name) {
      const std::string pulled = pulled_name(name);
      return needed.had.contains(pulled) && !needed.images.contains(pulled);
    });
    if (goes && !one.names.empty()) old.push_back(std::move(one));
  }
  return old;
}

std::vector<docker::Network> old_networks(const std::vector<docker::Network>& there, const StillNeeded& needed) {
  std::vector<docker::Network> old;
  std::copy_if(there.begin(), there.end(), std::back_inserter(old), [&](const docker::Network& network) {
    return network.scope != "swarm" && !needed.networks.contains(network.name);
  });
  return old;
}

awaitable<Result<Removed>> remove_leftovers(Parts& parts, Place place, StillNeeded needed,
                                            std::function<bool()> may_go) {
  Removed removed;
  auto found = parts.hosts.engine(place.host);
  if (!found) co_return fail(found.error());
  docker::Engine& engine = **found;
  auto networks = co_await find_networks(engine, parts.store.fleet(), place.application, needed);
  if (!networks) co_return fail(networks.error());
  auto images = co_await find_images(engine, needed);
  if (!images) co_return fail(images.error());
  if (networks->empty() && images->empty()) co_return removed;
  auto held = co_await held_on(engine);
  if (!held) co_return fail(held.error());
  for (const docker::Network& network : *networks) {
    if (held->networks.contains(network.name) || held->networks.contains(network.id)) continue;
    if (!may_go()) co_return removed;
    auto gone = co_await engine.networks().remove(network.id);
    if (!gone && !is_refusal(gone.error())) co_return fail(gone.error());
    if (gone) removed.networks.push_back(network.name);
  }
  for (const OldImage& image : *images) {
    if (held->images.contains(image.id)) continue;
    auto to_come = co_await is_to_come(parts, image);
    if (!to_come) co_return fail(to_come.error());
    if (*to_come) continue;
    if (!may_go()) co_return removed;
    auto gone = co_await remove_names(engine, image);
    if (!gone) co_return fail(gone.error());
    if (!*gone) continue;
    removed.images.push_back(image.names.front());
    removed.bytes += image.size;
  }
  co_return removed;
}

}  // namespace slipway::rollouts
