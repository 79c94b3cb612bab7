#include "orchestrator/daemon/settings.hpp"

#include <charconv>
#include <optional>

#include <boost/asio/ip/address.hpp>
#include <unistd.h>

#include "orchestrator/http/trusted_proxies.hpp"

namespace slipway::daemon {
namespace {

constexpr std::string_view levels[] = {"debug", "info", "warn", "error"};

Result<log::Level> level_of(const std::string& name) {
  for (int i = 0; i < 4; ++i) {
    if (levels[i] == name) return static_cast<log::Level>(i);
  }
  return fail(Error::Kind::invalid, "log_level '" + name + "' is unknown", "use debug, info, warn or error");
}

namespace ip = boost::asio::ip;

std::optional<ip::address> ip_address(const std::string& text) {
  boost::system::error_code bad;
  const ip::address address = ip::make_address(text, bad);
  return bad ? std::nullopt : std::optional(address);
}

/// What `listen` says.
struct ListenAddress {
  ip::address address;
  std::uint16_t port = 0;
};

/// "192.0.2.1:8080", "[2001:db8::1]:8080".
Result<ListenAddress> listen_address(const std::string& listen) {
  const auto colon = listen.rfind(':');
  const std::string digits = colon == std::string::npos ? "" : listen.substr(colon + 1);
  ListenAddress where;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), where.port);
  if (code != std::errc() || end != digits.data() + digits.size() || colon == 0 || where.port == 0) {
    return fail(Error::Kind::invalid, "listen '" + listen + "' is not ADDRESS:PORT",
                "for example 127.0.0.1:8080 or [::1]:8080");
  }
  const std::string host = listen.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  const auto address = ip_address(bracketed ? host.substr(1, host.size() - 2) : host);
  if (address && address->is_v6() == bracketed) {
    where.address = *address;
    return where;
  }
  // "::1:8080" is an address by itself, too: without brackets nobody can tell where the port begins.
  if (address && !bracketed) {
    return fail(Error::Kind::invalid, "listen: the IPv6 address of '" + listen + "' has no brackets",
                "write [" + host + "]:" + digits);
  }
  return fail(Error::Kind::invalid, "listen: '" + host + "' is no IP address",
              "0.0.0.0 is all of this machine's, [::] those of IPv6 as well");
}

bool is_web_address(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (url.starts_with(scheme)) return url.size() > scheme.size() && url[scheme.size()] != '/';
  }
  return false;
}

Result<void> readable(const std::string& file, const std::string& what) {
  if (file.empty() || ::access(file.c_str(), R_OK) == 0) return {};
  return fail(Error::Kind::invalid, what + ": " + file + " can't be read");
}

Result<void> readable(const docker::Endpoint& endpoint, const std::string& what) {
  for (const std::string& file :
       {endpoint.tls.ca, endpoint.tls.certificate, endpoint.tls.key, endpoint.ssh.identity, endpoint.ssh.known_hosts}) {
    if (Result<void> good = readable(file, what); !good) return good;
  }
  return {};
}

}  // namespace

docker::Endpoint local_engine() {
  docker::Endpoint engine;
  engine.path = "/var/run/docker.sock";
  return engine;
}

Result<docker::Endpoint> guarded_endpoint(std::string_view text, docker::TlsFiles tls, docker::SshFiles ssh) {
  Result<docker::Endpoint> endpoint = docker::parse_endpoint(text, std::move(tls), std::move(ssh));
  if (endpoint && endpoint->kind == docker::Endpoint::Kind::tcp && endpoint->tls.empty()) {
    return fail(Error::Kind::invalid,
                endpoint->text() + " needs TLS: whoever reaches a plain Docker port is root on that machine",
                "give `ca`, `cert` and `key` beside the endpoint in the settings file, or use ssh://");
  }
  return endpoint;
}

std::string Settings::address() const {
  const Result<ListenAddress> where = listen_address(listen);
  return where ? where->address.to_string() : std::string();
}

std::uint16_t Settings::port() const {
  const Result<ListenAddress> where = listen_address(listen);
  return where ? where->port : 0;
}

std::string Settings::local_url() const {
  const Result<ListenAddress> where = listen_address(listen);
  if (!where) return {};
  // [::] takes IPv4, too, and many a container has no ::1.
  const std::string host = where->address.is_unspecified() ? "127.0.0.1" : where->address.to_string();
  return "http://" + (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
         std::to_string(where->port);
}

Result<void> apply_setting(Settings& settings, const std::string& name, const std::string& value) {
  if (name == "listen") settings.listen = value;
  if (name == "public-url") settings.public_url = value;
  if (name == "data") settings.data = value;
  if (name == "engine") {
    Result<docker::Endpoint> engine = guarded_endpoint(value);
    if (!engine) return fail(engine.error().in("engine"));
    settings.engine = std::move(*engine);
  }
  if (name == "log-level") {
    Result<log::Level> level = level_of(value);
    if (!level) return fail(level.error());
    settings.log_level = *level;
  }
  return {};
}

void complete_settings(Settings& settings) {
  while (settings.public_url.ends_with('/')) settings.public_url.pop_back();
  if (settings.public_url.empty()) settings.public_url = "http://" + settings.listen;
}

Result<void> check_settings(const Settings& settings) {
  if (auto where = listen_address(settings.listen); !where) return fail(where.error());
  if (auto proxies = http::TrustedProxies::parse(settings.trusted_proxies); !proxies) {
    return fail(proxies.error().in("trusted_proxies"));
  }
  if (!settings.public_url.empty() && !is_web_address(settings.public_url)) {
    return fail(Error::Kind::invalid, "public_url: '" + settings.public_url + "' is no http:// or https:// address",
                "for example https://ci.example");
  }
  if (settings.data.empty()) return fail(Error::Kind::invalid, "data is empty", "name a folder, e.g. /var/lib/slipway");
  if (Result<void> good = readable(settings.engine, "engine"); !good) return good;
  if (Result<void> good = readable(settings.git_ca_file, "git.ca_file"); !good) return good;
  if (Result<void> good = readable(settings.git_known_hosts, "git.known_hosts"); !good) return good;
  for (const auto& [host, registry] : settings.registries) {
    const std::string what = "registries." + host;
    if (Result<void> good = readable(registry.ca, what + ".ca"); !good) return good;
    if (Result<void> good = readable(registry.password_file, what + ".password_file"); !good) return good;
  }
  for (const rollouts::HostSettings& host : settings.hosts) {
    if (Result<void> good = readable(host.endpoint, "hosts." + host.name); !good) return good;
  }
  for (const auto& [host, caddy] : settings.caddies) {
    for (const std::string& file : {caddy.ca, caddy.certificate, caddy.key}) {
      if (Result<void> good = readable(file, "hosts." + host + ".caddy"); !good) return good;
    }
  }
  for (const auto& [name, certificate] : settings.proxy.certificates) {
    for (const std::string& file : {certificate.certificate, certificate.key}) {
      if (Result<void> good = readable(file, "proxy.certificates." + name); !good) return good;
    }
  }
  for (const auto& [name, source] : settings.metrics) {
    for (const std::string& file : {source.password_file, source.token_file, source.ca}) {
      if (Result<void> good = readable(file, "metrics." + name); !good) return good;
    }
  }
  return {};
}

}  // namespace slipway::daemon
