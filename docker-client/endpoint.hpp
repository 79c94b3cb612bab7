#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slipway::docker {

/// PEM files for a tcp endpoint, as `docker --tlsverify` takes them. All empty: plain HTTP.
struct TlsFiles {
  std::string ca;           ///< signs the engine's certificate
  std::string certificate;  ///< ours; shown to the engine
  std::string key;
  [[nodiscard]] bool empty() const { return ca.empty() && certificate.empty() && key.empty(); }
};

/// What ssh needs beyond its own configuration. Empty: what ssh itself would use.
struct SshFiles {
  std::string identity;     ///< private key
  std::string known_hosts;  ///< the only host keys to trust
};

/// Where an Engine listens.
struct Endpoint {
  enum class Kind { unix_socket, tcp, ssh };

  Kind kind = Kind::unix_socket;
  std::string path;        ///< unix: of the socket. ssh: of the socket over there, empty for its default
  std::string user;        ///< ssh; empty: ssh's choice
  std::string host;        ///< tcp, ssh; an IPv6 address without its brackets
  std::uint16_t port = 0;  ///< tcp: 2375 or with TLS 2376 unless given. ssh: 0 is ssh's choice
  TlsFiles tls;
  SshFiles ssh;

  /// As a person would write it; never holds a secret.
  [[nodiscard]] std::string text() const;
};

/// Reads `unix:///path`, `tcp://host[:port]` or `ssh://[user@]host[:port][/path]`. What could be taken for an option of
/// ssh, or needs a shell to be quoted, is Kind::invalid; so are TLS files that are incomplete or given for another
/// kind.
Result<Endpoint> parse_endpoint(std::string_view text, TlsFiles tls = {}, SshFiles ssh = {});

}  // namespace slipway::docker
