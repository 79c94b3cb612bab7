// The settings file: YAML, strict, with positions.
#include <algorithm>

#include "images/reference.hpp"
#include "orchestrator/daemon/metrics_settings.hpp"
#include "orchestrator/daemon/settings.hpp"
#include "orchestrator/rollouts/compose/values.hpp"
#include "pipelines/glob.hpp"
#include "pipelines/yaml_decoder.hpp"

namespace slipway::daemon {
namespace {

using pipelines::Diagnostics;
using pipelines::MapReader;
using pipelines::YamlNode;

/// Reads a text into `into` if the key is there.
void text(MapReader& map, std::string_view key, std::string& into, Diagnostics& diagnostics) {
  const YamlNode* node = map.find(key);
  if (!node) return;
  if (auto value = pipelines::read_text(*node, key, diagnostics)) into = *value;
}

void texts(MapReader& map, std::string_view key, std::size_t most, std::vector<std::string>& into,
           Diagnostics& diagnostics) {
  const YamlNode* node = map.find(key);
  if (!node) return;
  for (auto& one : pipelines::read_texts(*node, "`" + std::string(key) + "`", most, diagnostics)) {
    into.push_back(std::move(one.text));
  }
}

void number(MapReader& map, std::string_view key, int& into, Diagnostics& diagnostics, int most = 1000) {
  const YamlNode* node = map.find(key);
  if (!node) return;
  if (auto value = pipelines::read_integer(*node, key, 1, most, diagnostics)) into = static_cast<int>(*value);
}

void flag(MapReader& map, std::string_view key, bool& into, Diagnostics& diagnostics) {
  const YamlNode* node = map.find(key);
  if (!node) return;
  if (auto value = pipelines::read_boolean(*node, key, diagnostics)) into = *value;
}

void read_limits(const YamlNode& node, Settings& settings, Diagnostics& diagnostics) {
  MapReader limits(node, "`limits`", diagnostics);
  number(limits, "runs", settings.runs, diagnostics);
  number(limits, "runs_per_project", settings.runs_per_project, diagnostics);
  if (const YamlNode* log = limits.find("step_log")) {
    if (auto bytes = pipelines::read_bytes(*log, "`step_log`", 64 << 10, std::int64_t{4} << 30, diagnostics)) {
      settings.step_log = *bytes;
    }
  }
  limits.finish();
}

void read_retention(const YamlNode& node, Settings& settings, Diagnostics& diagnostics) {
  MapReader retention(node, "`retention`", diagnostics);
  number(retention, "runs", settings.keep_runs, diagnostics, 1'000'000);
  number(retention, "days", settings.keep_days, diagnostics, 36'500);
  number(retention, "images", settings.keep_images, diagnostics);
  retention.finish();
}

std::map<std::string, std::vector<std::string>> read_registry_projects(const YamlNode& node, Diagnostics& diagnostics) {
  std::map<std::string, std::vector<std::string>> projects;
  if (!node.is_map()) {
    diagnostics.error(node.at, "`projects` must map a project's name to the repositories that it may use", {},
                      "projects: {shop: [shop/*], base: [\"**\"]}");
    return projects;
  }
  for (const pipelines::YamlEntry& entry : node.entries) {
    std::vector<std::string>& paths = projects[entry.key];
    for (const auto& path : pipelines::read_texts(entry.value, "repositories", 64, diagnostics)) {
      if (const auto usable = pipelines::check_glob(path.text); !usable) {
        diagnostics.error(path.at, usable.error().message, path.text);
      }
      paths.push_back(path.text);
    }
  }
  return projects;
}

void read_registries(const YamlNode& node, Settings& settings, Diagnostics& diagnostics) {
  if (!node.is_map()) {
    diagnostics.error(node.at, "`registries` must map a registry's host to how to speak to it", {},
                      "registries: {registry.example: {username: ci, password_file: /etc/slipway/registry-password}}");
    return;
  }
  for (const pipelines::YamlEntry& entry : node.entries) {
    RegistrySettings registry;
    MapReader map(entry.value, "a registry", diagnostics);
    text(map, "username", registry.username, diagnostics);
    text(map, "password_file", registry.password_file, diagnostics);
    text(map, "ca", registry.ca, diagnostics);
    flag(map, "insecure", registry.insecure, diagnostics);
    if (const YamlNode* projects = map.find("projects")) {
      registry.projects = read_registry_projects(*projects, diagnostics);
    }
    map.foreign("password",
                "a settings file is no place for a password: put it into a file and name that with `password_file`");
    map.finish();
    if (registry.username.empty() != registry.password_file.empty()) {
      diagnostics.error(entry.at, "`username` and `password_file` go together", entry.key);
    }
    settings.registries[entry.key] = registry;
  }
}

/// `endpoint`, and the files that go with it.
void read_endpoint(MapReader& map, docker::Endpoint& into, Diagnostics& diagnostics) {
  std::string endpoint;
  docker::TlsFiles tls;
  docker::SshFiles ssh;
  if (const YamlNode* node = map.require("endpoint", "endpoint: tcp://198.51.100.11:2376")) {
    if (auto value = pipelines::read_text(*node, "`endpoint`", diagnostics)) endpoint = *value;
  }
  text(map, "ca", tls.ca, diagnostics);
  text(map, "cert", tls.certificate, diagnostics);
  text(map, "key", tls.key, diagnostics);
  text(map, "identity", ssh.identity, diagnostics);
  text(map, "known_hosts", ssh.known_hosts, diagnostics);
  if (endpoint.empty()) return;
  auto parsed = guarded_endpoint(endpoint, std::move(tls), std::move(ssh));
  if (parsed) {
    into = std::move(*parsed);
  } else {
    diagnostics.error(map.at("endpoint"), parsed.error().message, endpoint, parsed.error().hint);
  }
}

/// An endpoint alone, or with its files.
void read_engine(const YamlNode& node, Settings& settings, Diagnostics& diagnostics) {
  if (node.is_map()) {
    MapReader map(node, "`engine`", diagnostics);
    read_endpoint(map, settings.engine, diagnostics);
    map.finish();
    return;
  }
  const auto endpoint = pipelines::read_text(node, "`engine`", diagnostics);
  if (!endpoint) return;
  auto parsed = guarded_endpoint(*endpoint);
  if (parsed) {
    settings.engine = std::move(*parsed);
  } else {
    diagnostics.error(node.at, parsed.error().message, *endpoint, parsed.error().hint);
  }
}

void read_port(MapReader& map, std::string_view key, std::uint16_t& into, Diagnostics& diagnostics) {
  const YamlNode* node = map.find(key);
  if (!node) return;
  if (auto port = pipelines::read_integer(*node, key, 1, 65535, diagnostics)) into = static_cast<std::uint16_t>(*port);
}

bool is_caddy_admin(const std::string& url, bool insecure) {
  if (url.starts_with("unix:///") || url.starts_with("https://")) return true;
  if (!url.starts_with("http://")) return false;
  const std::string host = url.substr(7, url.find_first_of(":/", 7) - 7);
  return insecure || host == "localhost" || host.starts_with("127.");
}

void read_caddy(const YamlNode& node, const std::string& host, Settings& settings, Diagnostics& diagnostics) {
  rollouts::caddy::CaddySettings caddy;
  MapReader map(node, "`caddy`", diagnostics);
  bool insecure = false;
  if (map.require("admin", "admin: https://web1:2021")) text(map, "admin", caddy.admin, diagnostics);
  text(map, "ca", caddy.ca, diagnostics);
  text(map, "cert", caddy.certificate, diagnostics);
  text(map, "key", caddy.key, diagnostics);
  text(map, "server", caddy.server, diagnostics);
  flag(map, "insecure", insecure, diagnostics);
  flag(map, "tls", caddy.tls, diagnostics);
  caddy.port = caddy.tls ? 443 : 80;
  read_port(map, "port", caddy.port, diagnostics);
  map.finish();
  while (caddy.admin.ends_with('/')) caddy.admin.pop_back();
  if (!caddy.admin.empty() && !is_caddy_admin(caddy.admin, insecure)) {
    diagnostics.error(map.at("admin"),
                      "`admin` is https://…, unix:///…, or http:// on this machine: whoever reaches a plain admin API "
                      "commands the proxy",
                      caddy.admin,
                      "use Caddy's remote administration with `ca`, `cert` and `key`, or say insecure: true");
  }
  if (caddy.certificate.empty() != caddy.key.empty()) {
    diagnostics.error(map.at(), "`cert` and `key` go together");
  }
  settings.caddies[host] = std::move(caddy);
}

/// A target of that name would be the host for some and the group for others: hosts get what is not meant for them.
void check_names(const pipelines::YamlEntry& entry, const Settings& settings, Diagnostics& diagnostics) {
  for (const rollouts::HostSettings& other : settings.hosts) {
    if (other.name == entry.key) continue;
    if (std::find(other.groups.begin(), other.groups.end(), entry.key) == other.groups.end()) continue;
    diagnostics.error(entry.at, "a group has the name of this host, and host " + other.name + " is in it", entry.key,
                      "call the host or the group something else: a target of that name would be both");
    return;
  }
}

void read_hosts(const YamlNode& node, Settings& settings, Diagnostics& diagnostics) {
  if (!node.is_map()) {
    diagnostics.error(node.at, "`hosts` must map a host's name to how to reach it", {},
                      "hosts: {web1: {endpoint: \"ssh://deploy@web1\", groups: [production]}}");
    return;
  }
  for (const pipelines::YamlEntry& entry : node.entries) {
    rollouts::HostSettings host;
    host.name = entry.key;
    MapReader map(entry.value, "a host", diagnostics);
    read_endpoint(map, host.endpoint, diagnostics);
    text(map, "address", host.address, diagnostics);
    texts(map, "groups", 64, host.groups, diagnostics);
    if (const YamlNode* caddy = map.find("caddy")) read_caddy(*caddy, host.name, settings, diagnostics);
    map.finish();
    settings.hosts.push_back(std::move(host));
  }
  for (const pipelines::YamlEntry& entry : node.entries) check_names(entry, settings, diagnostics);
}

/// After the hosts, among which the managers are.
void read_swarms(const YamlNode& node, Settings& settings, Diagnostics& diagnostics) {
  if (!node.is_map()) {
    diagnostics.error(node.at, "`swarms` must map a swarm's name to its managers", {},
                      "swarms: {production: {managers: [web1, web2, web3]}}");
    return;
  }
  std::vector<std::string_view> hosts;
  hosts.reserve(settings.hosts.size());
  for (const rollouts::HostSettings& host : settings.hosts) hosts.emplace_back(host.name);
  for (const pipelines::YamlEntry& entry : node.entries) {
    rollouts::SwarmSettings swarm;
    swarm.name = entry.key;
    const bool taken = std::any_of(settings.hosts.begin(), settings.hosts.end(), [&](const auto& host) {
      return host.name == swarm.name ||
             std::find(host.groups.begin(), host.groups.end(), swarm.name) != host.groups.end();
    });
    if (taken) diagnostics.error(entry.at, "a host or a group of hosts has this name already", swarm.name);
    MapReader map(entry.value, "a swarm", diagnostics);
    if (const YamlNode* managers = map.require("managers", "managers: [web1, web2, web3]")) {
      for (const auto& manager : pipelines::read_texts(*managers, "`managers`", 64, diagnostics)) {
        swarm.managers.push_back(manager.text);
        if (std::find(hosts.begin(), hosts.end(), manager.text) != hosts.end()) continue;
        diagnostics.error(manager.at, "a manager is one of `hosts`, and this is none", manager.text,
                          pipelines::suggest(manager.text, hosts));
      }
    }
    map.finish();
    settings.swarms.push_back(std::move(swarm));
  }
}

void read_certificates(const YamlNode& node, Settings& settings, Diagnostics& diagnostics) {
  if (!node.is_map()) {
    diagnostics.error(node.at, "`certificates` must map a name to its files", {},
                      "certificates: {shop: {cert: /etc/slipway/shop.pem, key: /etc/slipway/shop.key}}");
    return;
  }
  for (const pipelines::YamlEntry& entry : node.entries) {
    rollouts::haproxy::ProxySettings::Certificate files;
    MapReader map(entry.value, "a certificate", diagnostics);
    if (!map.require("cert", "cert: /etc/slipway/shop.pem") || !map.require("key", "key: /etc/slipway/shop.key")) {
      continue;
    }
    text(map, "cert", files.certificate, diagnostics);
    text(map, "key", files.key, diagnostics);
    if (map.find("projects") != nullptr) texts(map, "projects", 1000, files.projects.emplace(), diagnostics);
    map.finish();
    if (!rollouts::is_plain_name(entry.key)) {
      diagnostics.error(entry.at, "a certificate's name is made of letters, digits, '_', '.' and '-', at most 63",
                        entry.key);
    }
    settings.proxy.certificates[entry.key] = std::move(files);
  }
}

void read_proxy(const YamlNode& node, Settings& settings, Diagnostics& diagnostics) {
  MapReader map(node, "`proxy`", diagnostics);
  text(map, "image", settings.proxy.image, diagnostics);
  if (const auto image = images::parse_reference(settings.proxy.image); !image) {
    diagnostics.error(map.at("image"), image.error().message, settings.proxy.image, image.error().hint);
  }
  read_port(map, "http", settings.proxy.http_port, diagnostics);
  read_port(map, "https", settings.proxy.https_port, diagnostics);
  if (settings.proxy.http_port == settings.proxy.https_port) {
    diagnostics.error(map.at("https"), "`http` and `https` can't be the same port");
  }
  if (const YamlNode* names = map.find("certificates")) read_certificates(*names, settings, diagnostics);
  map.finish();
}

void read_log_level(const YamlNode& node, Settings& settings, Diagnostics& diagnostics) {
  if (auto level = pipelines::read_choice(node, "`log_level`", {"debug", "info", "warn", "error"}, diagnostics)) {
    settings.log_level = static_cast<log::Level>(*level);
  }
}

void read_top(const YamlNode& node, Settings& settings, Diagnostics& diagnostics) {
  MapReader map(node, "the settings", diagnostics);
  text(map, "listen", settings.listen, diagnostics);
  text(map, "socket", settings.socket, diagnostics);
  texts(map, "trusted_proxies", 64, settings.trusted_proxies, diagnostics);
  text(map, "public_url", settings.public_url, diagnostics);
  std::string data = settings.data.string();
  text(map, "data", data, diagnostics);
  settings.data = data;
  if (const YamlNode* engine = map.find("engine")) read_engine(*engine, settings, diagnostics);
  if (const YamlNode* level = map.find("log_level")) read_log_level(*level, settings, diagnostics);
  if (const YamlNode* limits = map.find("limits")) read_limits(*limits, settings, diagnostics);
  if (const YamlNode* retention = map.find("retention")) read_retention(*retention, settings, diagnostics);
  if (const YamlNode* git = map.find("git")) {
    MapReader section(*git, "`git`", diagnostics);
    flag(section, "allow_local", settings.allow_local_git, diagnostics);
    text(section, "ca_file", settings.git_ca_file, diagnostics);
    text(section, "known_hosts", settings.git_known_hosts, diagnostics);
    section.finish();
  }
  if (const YamlNode* registries = map.find("registries")) read_registries(*registries, settings, diagnostics);
  if (const YamlNode* hosts = map.find("hosts")) read_hosts(*hosts, settings, diagnostics);
  if (const YamlNode* swarms = map.find("swarms")) read_swarms(*swarms, settings, diagnostics);
  if (const YamlNode* proxy = map.find("proxy")) read_proxy(*proxy, settings, diagnostics);
  if (const YamlNode* metrics = map.find("metrics")) read_metrics(*metrics, settings, diagnostics);
  texts(map, "log_drivers", 64, settings.log_drivers, diagnostics);
  map.finish();
}

}  // namespace

Result<void> read_settings(Settings& settings, std::string_view source, const std::string& file) {
  Diagnostics diagnostics(file);
  const auto node = pipelines::read_yaml(source, diagnostics);
  if (node && !node->is_null()) read_top(*node, settings, diagnostics);
  if (diagnostics.has_errors()) return fail(Error::Kind::invalid, pipelines::render(diagnostics, source));
  return {};
}

}  // namespace slipway::daemon
