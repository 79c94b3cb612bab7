#pragma once
#include <string>

#include <sys/types.h>

#include "orchestrator/rollouts/caddy/caddy_settings.hpp"
#include "tests/support/programs.hpp"

namespace slipway::rollouts {

/// A real Caddy in the network of the rig's host h1: on port 80 a route of somebody else's for own.example.org, and the
/// admin API on 2019, plain, as well as on 2021 for who shows `client.pem`.
class Caddy {
 public:
  /// `address` is h1's.
  explicit Caddy(std::string address);
  ~Caddy();
  Caddy(const Caddy&) = delete;
  Caddy& operator=(const Caddy&) = delete;

  [[nodiscard]] caddy::CaddySettings settings() const;
  /// By its remote administration, TLS on both sides.
  [[nodiscard]] caddy::CaddySettings remote() const;
  [[nodiscard]] std::string admin() const { return "http://" + address_ + ":2019"; }
  /// As when the host is restarted: nothing but its own file is left.
  void restart();

 private:
  void start();

  std::string address_;
  Folder folder_;
  pid_t child_ = 0;
};

}  // namespace slipway::rollouts
