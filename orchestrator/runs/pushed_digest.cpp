#include "orchestrator/runs/pushed_digest.hpp"

namespace slipway::runs {
namespace {

constexpr int kDigestTries = 3;
constexpr Duration kDigestPause = std::chrono::seconds(2);  // and longer each time

awaitable<Result<docker::RegistryAuth>> auth_of(Collaborators& with, images::Reference reference,
                                                RegistryGrants grants) {
  if (!grants.cover(reference)) co_return docker::RegistryAuth();
  auto finding = with.registries.for_registry(reference.registry);
  co_return co_await std::move(finding);
}

}  // namespace

awaitable<Result<std::string>> pushed_digest(Collaborators& with, images::RegistryClient& registry,
                                             pipelines::RegistryPush push, RegistryGrants grants) {
  const Result<images::Reference> reference = images::parse_reference(push.image + ":" + push.tag);
  if (!reference) co_return fail(reference.error());
  for (int attempt = 1;; ++attempt) {
    auto finding = auth_of(with, *reference, grants);
    const Result<docker::RegistryAuth> auth = co_await std::move(finding);
    if (!auth) co_return fail(auth.error());
    auto asking = registry.resolve(*reference, *auth);
    Result<images::Descriptor> found = co_await std::move(asking);
    if (found) co_return std::move(found->digest);
    if (!found.error().transient() || attempt == kDigestTries) co_return fail(found.error());
    co_await sleep_for(attempt * kDigestPause);
  }
}

}  // namespace slipway::runs
