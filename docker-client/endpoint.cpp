#include "docker-client/endpoint.hpp"

#include <algorithm>
#include <charconv>

namespace slipway::docker {
namespace {

/// What may be shown of an endpoint that was mistyped: somebody may have put a password before the '@'.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, 200));
  const auto begin = out.find("://"), at = out.find('@');
  if (begin == std::string::npos || at == std::string::npos || at < begin) return out;
  const auto colon = out.find(':', begin + 3);
  return colon < at ? out.substr(0, colon) + ":***" + out.substr(at) : out;
}

auto invalid(std::string_view text, std::string_view why) {
  return fail(Error::Kind::invalid, "engine endpoint '" + shown(text) + "': " + std::string(why),
              "write unix:///path/to.sock, tcp://host[:port] or ssh://[user@]host[:port]");
}

bool all_of(std::string_view text, std::string_view others) {
  return std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

/// Takes "host", "host:port", "[v6]" or "[v6]:port" apart. False if it is none of them.
bool split_host(std::string_view text, Endpoint& endpoint) {
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return false;
    host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (!all_of(host, ":.%") || host.find(':') == std::string_view::npos) return false;
  } else {
    host = text.substr(0, text.find(':'));
    port = text.substr(host.size());
    if (!all_of(host, ".-_")) return false;
  }
  // A leading dash would be an option to ssh.
  if (host.empty() || host.starts_with('-')) return false;
  endpoint.host = host;
  if (port.empty()) return true;
  const auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), endpoint.port);
  return port.starts_with(':') && error == std::errc() && end == port.data() + port.size() && endpoint.port != 0;
}

Result<Endpoint> parse_unix(std::string_view text, std::string_view rest) {
  if (!rest.starts_with('/')) return invalid(text, "the socket's path must be absolute");
  if (rest.size() > 107) return invalid(text, "a socket's path has at most 107 bytes");
  Endpoint endpoint;
  endpoint.path = rest;
  return endpoint;
}

Result<Endpoint> parse_tcp(std::string_view text, std::string_view rest, TlsFiles tls) {
  Endpoint endpoint;
  endpoint.kind = Endpoint::Kind::tcp;
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (!split_host(rest, endpoint)) return invalid(text, "expected a host and perhaps a port from 1 to 65535");
  const bool complete = !tls.ca.empty() && !tls.certificate.empty() && !tls.key.empty();
  if (!tls.empty() && !complete) return invalid(text, "TLS needs all three files: CA, certificate and key");
  if (endpoint.port == 0) endpoint.port = tls.empty() ? 2375 : 2376;
  endpoint.tls = std::move(tls);
  return endpoint;
}

Result<Endpoint> parse_ssh(std::string_view text, std::string_view rest, SshFiles ssh) {
  Endpoint endpoint;
  endpoint.kind = Endpoint::Kind::ssh;
  if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
    if (slash + 1 < rest.size()) endpoint.path = rest.substr(slash);
    rest = rest.substr(0, slash);
  }
  if (!all_of(endpoint.path, "/._-")) return invalid(text, "the socket's path may hold letters, digits and /._- only");
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    endpoint.user = rest.substr(0, at);
    rest = rest.substr(at + 1);
    if (endpoint.user.find(':') != std::string::npos) return invalid(text, "a password has no place here; use a key");
    if (endpoint.user.empty() || endpoint.user.starts_with('-') || !all_of(endpoint.user, "._-"))
      return invalid(text, "not a user name");
  }
  if (!split_host(rest, endpoint)) return invalid(text, "expected a host and perhaps a port from 1 to 65535");
  endpoint.ssh = std::move(ssh);
  return endpoint;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text, TlsFiles tls, SshFiles ssh) {
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return invalid(text, "has no scheme");
  const std::string_view scheme = text.substr(0, scheme_end), rest = text.substr(scheme_end + 3);
  if (std::ranges::any_of(text, [](unsigned char c) { return c <= ' ' || c == 127; }))
    return invalid(text, "holds white space or control characters");
  if (!tls.empty() && scheme != "tcp") return invalid(text, "TLS files belong to tcp endpoints only");
  if ((!ssh.identity.empty() || !ssh.known_hosts.empty()) && scheme != "ssh")
    return invalid(text, "ssh files belong to ssh endpoints only");
  if (scheme == "unix") return parse_unix(text, rest);
  if (scheme == "tcp") return parse_tcp(text, rest, std::move(tls));
  if (scheme == "ssh") return parse_ssh(text, rest, std::move(ssh));
  return invalid(text, "unknown scheme '" + std::string(scheme.substr(0, 40)) + "'");
}

std::string Endpoint::text() const {
  if (kind == Kind::unix_socket) return "unix://" + path;
  std::string text = kind == Kind::tcp ? "tcp://" : "ssh://";
  if (!user.empty()) text += user + "@";
  text += host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != 0) text += ":" + std::to_string(port);
  return text + path;
}

}  // namespace slipway::docker
