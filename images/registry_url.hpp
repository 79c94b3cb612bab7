#pragma once
#include <string>
#include <string_view>

#include "images/registry_client.hpp"

/// Where registries are, and whether what they point to may be trusted with credentials.
namespace slipway::images {

/// "https://registry.example:5000"; plain http for loopback and for registries that are set to be insecure, unless a CA
/// is set for them.
std::string registry_origin(const std::string& registry, const RegistrySettings& settings);

/// "https://host[:port]" of a URL, in lower case; empty if it has none or is not http(s).
std::string origin_of(std::string_view url);

/// Fails with Kind::forbidden if credentials of a registry at `origin` must not go to `realm`: anything but https, or
/// http when the registry itself is spoken to by http and the realm is at the same host, loopback or set to be
/// insecure.
Result<void> check_realm(const std::string& realm, const std::string& origin, const RegistrySettings& settings);

}  // namespace slipway::images
