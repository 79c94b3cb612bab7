#include "orchestrator/rollouts/image_registries.hpp"

namespace slipway::rollouts {

awaitable<Result<std::string>> ImageRegistries::digest_of(std::string text) {
  auto reference = images::parse_reference(text);
  if (!reference) co_return fail(reference.error());
  auto auth = co_await credentials_.for_registry(reference->registry);
  if (!auth) co_return fail(auth.error());
  auto found = co_await client_.resolve(*reference, std::move(*auth));
  if (!found) co_return fail(found.error());
  co_return std::move(found->digest);
}

awaitable<Result<docker::RegistryAuth>> ImageRegistries::credentials(std::string repository) {
  auto reference = images::parse_reference(repository);
  if (!reference) co_return fail(reference.error());
  co_return co_await credentials_.for_registry(reference->registry);
}

}  // namespace slipway::rollouts
