#include "orchestrator/rollouts/haproxy/config.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/encoding.hpp"
#include "orchestrator/rollouts/compose/service_parts.hpp"
#include "orchestrator/rollouts/proxy_rules.hpp"

namespace slipway::rollouts::haproxy {
namespace {

// An application's back ends all have a colon in their names.
constexpr std::string_view nowhere = "nowhere";
constexpr std::string_view to_https = "to-https";

std::string tunnel_name_of(const std::string& backend) {
  return backend + ":tunnels";
}

bool is_address(const std::string& text) {
  return text.size() >= 7 && text.size() <= 15 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

bool is_server_name(const std::string& text) {
  return !text.empty() && text.size() <= 255 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
             std::string::npos;
}

Result<void> check(const std::string& application, const ProxyService& service) {
  bool good = is_plain_name(application) && is_plain_name(service.service) && is_route_path(service.route.path) &&
              service.route.port != 0 && (service.route.tls.empty() || is_plain_name(service.route.tls));
  for (const std::string& host : service.route.hosts) good = good && is_route_host(host);
  for (const ProxyServer& server : service.servers) {
    good = good && is_server_name(name_in_proxy(server)) && is_address(server.address);
  }
  if (good) return {};
  return fail(Error::Kind::invalid, "the route of service '" + service.service + "' of application '" + application +
                                        "' can't be written into a proxy's configuration");
}

std::string milliseconds(Milliseconds time) {
  return std::to_string(std::max<std::int64_t>(1, time.count())) + "ms";
}

/// POSTs must not be lost: a request goes out once, on a connection of its own, so none can meet a connection that the
/// container is just closing. Only a connection that could not be made is tried again, with another container.
std::string head() {
  return "global\n"
         "  stats socket \"${SLIPWAY_RUN}/worker.sock\" mode 600 level admin expose-fd listeners\n"
         "  uid 65534\n"
         "  gid 65534\n"
         "  log stdout format raw daemon notice\n"
         "  fd-hard-limit 65536\n"
         "  hard-stop-after 12h\n"
         "  mworker-max-reloads 50\n"
         "  ssl-default-bind-options ssl-min-ver TLSv1.2\n"
         "defaults\n"
         "  mode http\n"
         "  log global\n"
         "  option dontlognull\n"
         "  option http-server-close\n"
         "  option idle-close-on-response\n"
         "  option redispatch 1\n"
         "  retries 3\n"
         "  retry-on conn-failure\n"
         "  timeout connect 2s\n"
         "  timeout http-request 10s\n"
         "  timeout http-keep-alive 60s\n"
         "  timeout client 60s\n"
         "  timeout tunnel 1h\n";
}

/// Empty for any host.
std::string host_condition(const std::string& host) {
  const std::string name = " { req.hdr(host),field(1,:),lower -m ";
  if (rank_of_host(host) == 0) return name + "str " + host + " }";
  if (rank_of_host(host) == 1) return name + "end " + host.substr(1) + " }";
  return {};
}

/// A path is compared with a slash behind it, so that /api is not taken for the beginning of /apis.
std::string condition_of(const ProxyRule& rule) {
  std::string text = host_condition(rule.host);
  if (rule.path != "/") text += " { path,concat(/) -m beg " + rule.path + "/ }";
  return text;
}

std::string choice(const std::string& backend, const std::string& condition) {
  return "  use_backend " + backend + (condition.empty() ? "" : " if" + condition) + "\n";
}

/// Behind the rules for names, before those for any host.
std::string closings(const std::vector<ProxyRule>& rules) {
  std::string text;
  for (const std::string& host : closed_hosts(rules)) text += choice(std::string(nowhere), host_condition(host));
  return text;
}

std::string front_end(const std::string& name, const std::string& bind, const std::vector<ProxyRule>& rules,
                      bool secure) {
  std::string text = "frontend " + name + "\n  bind " + bind + "\n";
  text += "  http-request set-header X-Forwarded-For %[src]\n";
  text += std::string("  http-request set-header X-Forwarded-Proto ") + (secure ? "https" : "http") + "\n";
  text += "  acl upgrade req.hdr(upgrade) -m found\n";
  bool closed = false;
  for (const ProxyRule& rule : rules) {
    const std::string condition = condition_of(rule);
    if (secure == rule.tls.empty()) {
      if (!secure) text += choice(std::string(to_https), condition);
      continue;
    }
    if (rule.host.empty() && !std::exchange(closed, true)) text += closings(rules);
    const std::string backend = backend_name(rule.application, rule.service);
    text += choice(tunnel_name_of(backend), " upgrade" + condition);
    text += choice(backend, condition);
  }
  return text + "  default_backend " + std::string(nowhere) + "\n";
}

std::string fixed_back_ends(const ProxySettings& settings) {
  const std::string port = settings.https_port == 443 ? "" : ":" + std::to_string(settings.https_port);
  return "backend " + std::string(nowhere) +
         "\n  http-request return status 404 content-type text/plain string \"no route\"\n"
         "backend " +
         std::string(to_https) + "\n  http-request redirect location https://%[req.hdr(host),field(1,:)]" + port +
         "%[pathq] code 308\n";
}

void add_back_end(std::string& text, std::string& structure, const std::string& name, const ProxyService& service) {
  const std::string fixed =
      "backend " + name + "\n  balance roundrobin\n  timeout server " + milliseconds(service.route.timeout) + "\n";
  text += fixed;
  structure += fixed;
  for (const ProxyServer& server : service.servers) {
    if (server.draining) continue;
    text += "  server " + name_in_proxy(server) + " " + server.address + ":" +
            std::to_string(port_of(service, server)) + " weight " + std::to_string(server.weight) + "\n";
  }
}

std::string front_ends(const ProxyTable& table, const ProxySettings& settings) {
  const std::vector<ProxyRule> rules = rules_of(table);
  std::string text = front_end("http", "*:" + std::to_string(settings.http_port), rules, false);
  std::string bind = "*:" + std::to_string(settings.https_port) + " ssl alpn h2,http/1.1";
  const auto names = certificates_of(table);
  for (const std::string& name : names) bind += " crt " + certificate_path(name);
  if (!names.empty()) text += front_end("https", bind, rules, true);
  return text;
}

}  // namespace

Result<Config> render(const ProxyTable& table, const ProxySettings& settings,
                      const std::map<std::string, std::string>& certificates) {
  std::string structure = front_ends(table, settings) + fixed_back_ends(settings);
  std::string text = structure;
  for (const auto& [application, services] : table.applications()) {
    for (const ProxyService& service : services) {
      if (auto good = check(application, service); !good) return fail(good.error());
      add_back_end(text, structure, backend_name(application, service.service), service);
      add_back_end(text, structure, tunnel_backend_name(application, service.service), service);
      // The port is in no line that is fixed, but a server that stays would go on to use the old one.
      structure += std::to_string(service.route.port) + "\n";
    }
  }
  for (const std::string& name : certificates_of(table)) {
    const auto found = certificates.find(name);
    if (found == certificates.end()) {
      return fail(Error::Kind::not_found, "a route uses certificate '" + name + "', which the settings do not have",
                  "add it below proxy.certificates");
    }
    structure += name + " " + found->second + "\n";
  }
  Config config;
  config.structure = sha256_hex(head() + structure).substr(0, 32);
  config.text = head() + "global\n  setenv " + std::string(structure_variable) + " " + config.structure + "\n" + text;
  return config;
}

std::string backend_name(const std::string& application, const std::string& service) {
  return application + ":" + service;
}

std::string tunnel_backend_name(const std::string& application, const std::string& service) {
  return tunnel_name_of(backend_name(application, service));
}

std::string certificate_path(const std::string& name) {
  return std::string(proxy_folder) + "/certificates/" + name + ".pem";
}

std::vector<std::string> certificates_of(const ProxyTable& table) {
  std::set<std::string> names;
  for (const auto& [application, services] : table.applications()) {
    for (const ProxyService& service : services) {
      if (!service.route.tls.empty()) names.insert(service.route.tls);
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace slipway::rollouts::haproxy
