#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace slipway::rollouts::haproxy {

/// The proxy that slipway keeps on each host with routes, as the daemon's settings have it.
struct ProxySettings {
  std::string image = "docker.io/library/haproxy:3.0";  ///< HAProxy 2.6 or newer, with sh and either socat or perl
  std::uint16_t http_port = 80;                         ///< of the host
  std::uint16_t https_port = 443;                       ///< of the host, where a route has `tls`
  struct Certificate {
    std::string certificate;                                          ///< path of a PEM file, the chain behind the leaf
    std::string key;                                                  ///< path of a PEM file
    std::optional<std::vector<std::string>> projects = std::nullopt;  ///< whose routes may name it; absent: all
  };
  std::map<std::string, Certificate> certificates;  ///< by name; the files are read at each use, so they can be renewed
};

}  // namespace slipway::rollouts::haproxy
