#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "docker-client/endpoint.hpp"
#include "orchestrator/rollouts/caddy/caddy_settings.hpp"
#include "orchestrator/rollouts/haproxy/proxy_settings.hpp"
#include "orchestrator/rollouts/host_directory.hpp"
#include "orchestrator/rollouts/metrics_source.hpp"

namespace slipway::daemon {

/// How to speak to one registry, beyond what docker's config.json says.
struct RegistrySettings {
  std::string username;
  std::string password_file;  ///< read at the start
  std::string ca;             ///< PEM; empty: the system's
  bool insecure = false;      ///< plain HTTP
  /// Which projects may use the credentials, and for repositories that fit which globs; unset: all for all.
  std::optional<std::map<std::string, std::vector<std::string>>> projects;
};

/// unix:///var/run/docker.sock
docker::Endpoint local_engine();

/// What `slipwayd` is told. docs/daemon.md documents every key.
struct Settings {
  std::string listen = "127.0.0.1:8080";     ///< IPv6 in brackets
  std::string socket;                        ///< a Unix socket to listen on as well; empty: none
  std::vector<std::string> trusted_proxies;  ///< addresses and networks whose X-Forwarded-For is believed
  std::string public_url;  ///< http:// or https://; paths are put behind it; empty: http:// and `listen`
  std::filesystem::path data = "/var/lib/slipway";
  docker::Endpoint engine = local_engine();  ///< for builds and steps
  log::Level log_level = log::Level::info;
  int runs = 4;
  int runs_per_project = 2;
  std::int64_t step_log = 64 << 20;  ///< bytes
  int keep_runs = 1000;              ///< finished runs of each project that stay, with their logs
  int keep_days = 90;                ///< and for how long
  int keep_images = 5;               ///< of each image that pipelines build
  bool allow_local_git = false;
  std::string git_ca_file;                             ///< PEM; believed besides the machine's
  std::string git_known_hosts;                         ///< empty: the first key that a host shows is kept
  std::map<std::string, RegistrySettings> registries;  ///< by host[:port]
  std::vector<rollouts::HostSettings> hosts;
  std::vector<rollouts::SwarmSettings> swarms;
  rollouts::haproxy::ProxySettings proxy;
  rollouts::caddy::CaddiesByHost caddies;  ///< whose routes are in a Caddy instead
  rollouts::MetricsSources metrics;        ///< by name
  std::vector<std::string> log_drivers;    ///< that applications may name besides those that keep logs on the host

  [[nodiscard]] std::string address() const;  ///< of `listen`, without brackets
  [[nodiscard]] std::uint16_t port() const;
  /// Where this machine itself reaches the API: one that listens on all addresses is asked on loopback.
  [[nodiscard]] std::string local_url() const;
};

/// Takes over what a settings file says. What is wrong is one Error whose message is all of it, as compilers render it.
Result<void> read_settings(Settings& settings, std::string_view text, const std::string& file);

/// As docker::parse_endpoint; tcp without TLS is Kind::invalid, too.
Result<docker::Endpoint> guarded_endpoint(std::string_view text, docker::TlsFiles tls = {}, docker::SshFiles ssh = {});

/// The settings that flags and environment variables have, by the name of the flag without its dashes. An unusable
/// value is Kind::invalid.
Result<void> apply_setting(Settings& settings, const std::string& name, const std::string& value);

/// Once all that was said is read: what was left open follows from the rest, and `public_url` ends with no slash.
void complete_settings(Settings& settings);

/// What only holds together: `listen` is an address and a port, files that are named can be read.
Result<void> check_settings(const Settings& settings);

}  // namespace slipway::daemon
