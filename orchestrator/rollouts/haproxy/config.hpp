#pragma once
#include <map>
#include <string>
#include <vector>

#include "orchestrator/rollouts/haproxy/proxy_settings.hpp"
#include "orchestrator/rollouts/proxy_table.hpp"

/// From a table to HAProxy's configuration. Pure.
namespace slipway::rollouts::haproxy {

inline constexpr std::string_view proxy_folder = "/var/lib/slipway-proxy";  ///< in the container; a volume
/// HAProxy's variable with `Config::structure`: which configuration a worker was started with.
inline constexpr std::string_view structure_variable = "SLIPWAY_STRUCTURE";

struct Config {
  std::string text;
  /// A hash of all that can't be changed in a running worker. Servers come and go without.
  std::string structure;
};

/// `certificates` maps the names that routes use to a hash of their content: a renewed one is another structure.
/// Whatever the table holds, nothing but what was meant comes out: a name or address that HAProxy would read as
/// something else is Kind::invalid.
Result<Config> render(const ProxyTable& table, const ProxySettings& settings,
                      const std::map<std::string, std::string>& certificates);

/// HAProxy's name for a service, and for its WebSockets, which have their own backend so that they are counted apart.
std::string backend_name(const std::string& application, const std::string& service);
std::string tunnel_backend_name(const std::string& application, const std::string& service);

/// Where in the container a certificate is, its key behind it.
std::string certificate_path(const std::string& name);
/// Names of the certificates that the table's routes use, each once.
std::vector<std::string> certificates_of(const ProxyTable& table);

}  // namespace slipway::rollouts::haproxy
