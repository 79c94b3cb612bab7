#pragma once
#include "images/identity.hpp"
#include "images/registry_client.hpp"

namespace slipway::images {

/// Puts `image` into a registry as `target` (which has a tag) and proves it: the manifest that the registry then has
/// under the digest is of `image`'s configuration. A registry that has it under that tag already is not sent anything.
/// Repeating an interrupted call is safe. Should something else have moved the local name in between, so that another
/// image was pushed, that is Kind::conflict.
///
/// Borrows its collaborators for the length of the call. `progress` as for docker::Images::push.
awaitable<Result<PushedImage>> publish(docker::Images& engine, RegistryClient& registry, BuiltImage image,
                                       Reference target, docker::RegistryAuth auth,
                                       docker::ImageProgressSink progress = {});

}  // namespace slipway::images
