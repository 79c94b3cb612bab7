#include "orchestrator/rollouts/image_registries.hpp"

namespace slipway::rollouts {

awaitable<Result<bool>> ImageRegistries::covers(images::Reference reference, ProjectId project) {
  if (!find_grants_) co_return true;
  const auto grants = co_await find_grants_(project);
  if (!grants) co_return fail(grants.error());
  co_return grants->cover(reference);
}

awaitable<Result<std::string>> ImageRegistries::digest_of(std::string text, ProjectId project) {
  auto reference = images::parse_reference(text);
  if (!reference) co_return fail(reference.error());
  const auto covered = co_await covers(*reference, project);
  if (!covered) co_return fail(covered.error());
  docker::RegistryAuth auth;
  if (*covered) {
    auto known = co_await credentials_.for_registry(reference->registry);
    if (!known) co_return fail(known.error());
    auth = std::move(*known);
  }
  auto found = co_await client_.resolve(*reference, std::move(auth));
  if (!found) co_return fail(found.error());
  co_return std::move(found->digest);
}

awaitable<Result<void>> ImageRegistries::check_access(std::string text, ProjectId project) {
  auto reference = images::parse_reference(text);
  if (!reference) co_return fail(reference.error());
  const auto covered = co_await covers(*reference, project);
  if (!covered) co_return fail(covered.error());
  if (*covered) co_return Result<void>();
  docker::RegistryAuth nobody;
  auto found = co_await client_.resolve(*reference, std::move(nobody));
  if (found) co_return Result<void>();
  co_return fail(Error::Kind::forbidden,
                 "the project may not use " + reference->familiar_repository() + ", and it is not public (" +
                     found.error().message + ")",
                 "registries." + reference->registry + ".projects in slipwayd's settings lists what it may");
}

awaitable<Result<docker::RegistryAuth>> ImageRegistries::credentials(std::string repository) {
  auto reference = images::parse_reference(repository);
  if (!reference) co_return fail(reference.error());
  co_return co_await credentials_.for_registry(reference->registry);
}

}  // namespace slipway::rollouts
