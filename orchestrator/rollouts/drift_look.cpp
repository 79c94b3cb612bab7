#include "orchestrator/rollouts/drift_look.hpp"

#include <algorithm>
#include <map>

#include "docker-client/images.hpp"
#include "orchestrator/rollouts/host_view.hpp"
#include "orchestrator/rollouts/service_spec.hpp"

namespace slipway::rollouts {
namespace {

std::string digest_in(const std::string& reference) {
  const auto at = reference.rfind('@');
  return at == std::string::npos ? reference : reference.substr(at + 1);
}

/// The id of an image that hosts were told to run; empty if this one does not know it by that digest any more.
awaitable<Result<std::string>> id_of(docker::Images* images, std::string image) {
  auto found = co_await images->inspect(image);
  if (found) co_return found->id;
  if (found.error().kind == Error::Kind::not_found) co_return std::string();
  co_return fail(found.error().in("image " + image));
}

/// What a foreign image is called: people find it in the registry by that.
awaitable<Result<std::string>> digest_of_id(docker::Images* images, std::string id) {
  auto found = co_await images->inspect(id);
  if (!found && found.error().kind != Error::Kind::not_found) co_return fail(found.error().in("image " + id));
  co_return found && !found->repo_digests.empty() ? digest_in(found->repo_digests.front()) : id;
}

/// Nothing, if it was removed in between: the next look sees it.
awaitable<Result<Actual>> inspect(docker::Engine* engine, std::shared_ptr<const Target> target, Wanted wanted,
                                  std::string wanted_id) {
  Actual actual;
  actual.container = wanted.name;
  auto there = co_await engine->containers().inspect(wanted.name);
  if (!there && there.error().kind == Error::Kind::not_found) co_return actual;
  if (!there) co_return fail(there.error().in("container " + wanted.name));
  const Service* service = target->service(wanted.service);
  if (service != nullptr && wanted.spec_hash != unlike_its_file) {
    const Maker nobody;
    actual.changes = changes_of(*there, container_spec(target->application, *service, wanted, nobody));
  }
  actual.digest = digest_in(wanted.image);
  actual.foreign = !wanted_id.empty() && there->image_id != wanted_id;
  if (!actual.foreign) co_return actual;
  docker::Images images(engine->transport());
  auto digest = co_await digest_of_id(&images, there->image_id);
  if (!digest) co_return fail(digest.error());
  actual.digest = *digest;
  co_return actual;
}

}  // namespace

awaitable<Result<HostLook>> look_for_drift(docker::Engine* engine, std::string fleet,
                                           std::shared_ptr<const Target> target) {
  auto shown = co_await look_at_host(engine->containers(), whose(std::move(fleet), target->spec));
  if (!shown) co_return fail(shown.error());
  HostLook look;
  look.containers = std::move(*shown);
  const Difference found = difference(target->wanted, look.containers);
  docker::Images images(engine->transport());
  std::map<std::string, std::string> ids;
  std::vector<Actual> actual;
  for (const Wanted& wanted : target->wanted) {
    const auto right =
        std::find_if(found.right.begin(), found.right.end(), [&](const Shown& one) { return one.name == wanted.name; });
    if (right == found.right.end()) continue;
    if (!ids.contains(wanted.image)) {
      auto id = co_await id_of(&images, wanted.image);
      if (!id) co_return fail(id.error());
      ids[wanted.image] = *id;
    }
    auto one = co_await inspect(engine, target, wanted, ids[wanted.image]);
    if (!one) co_return fail(one.error());
    actual.push_back(std::move(*one));
  }
  look.drift = drift_of(found, actual);
  for (Shown& container : look.containers) {
    const auto seen =
        std::find_if(actual.begin(), actual.end(), [&](const Actual& one) { return one.container == container.name; });
    if (seen != actual.end() && (seen->foreign || container.digest.empty())) container.digest = seen->digest;
  }
  co_return look;
}

}  // namespace slipway::rollouts
