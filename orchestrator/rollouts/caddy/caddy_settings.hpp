#pragma once
#include <cstdint>
#include <map>
#include <string>

namespace slipway::rollouts::caddy {

/// A Caddy that somebody keeps on a host and that routes there go through, as the daemon's settings have it.
struct CaddySettings {
  std::string admin;            ///< its admin API, without a slash at the end: https://…, http://… or unix:///…
  std::string ca;               ///< PEM, for https; empty: the system's
  std::string certificate;      ///< PEM, with `key`: who we are, for Caddy's remote administration
  std::string key;              ///< PEM
  std::string server = "srv0";  ///< which of its HTTP servers; a Caddyfile's first is srv0
  std::uint16_t port = 443;     ///< of the host, where that server is reached
  bool tls = true;              ///< at that port
};

using CaddiesByHost = std::map<std::string, CaddySettings>;

}  // namespace slipway::rollouts::caddy
