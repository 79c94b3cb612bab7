#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "tests/unit/images/small_server.hpp"

namespace slipway::images {

/// Hands out registry tokens over HTTP as the distribution project's token specification has it, signed with a key of
/// its own, since no Debian package does. Knows one user; grants what is asked for. On a thread of its own.
class TokenServer {
 public:
  static constexpr auto user = "tester";
  static constexpr auto password = "a test's password";
  static constexpr auto refresh = "a test's identity token";
  static constexpr auto issuer = "slipway-test-issuer";
  static constexpr auto service = "slipway-test-service";

  /// Keeps key and certificate in `folder`.
  explicit TokenServer(std::filesystem::path folder);

  [[nodiscard]] std::string realm() const { return "http://" + server_.host() + "/token"; }
  /// PEM; what a registry must trust.
  [[nodiscard]] std::filesystem::path certificate() const { return folder_ / "cert.pem"; }
  /// The first lines of the requests it has answered so far.
  [[nodiscard]] std::vector<std::string> requests() const { return server_.asked(); }

 private:
  [[nodiscard]] SmallServer::Answer answer(const SmallServer::Asked& asked) const;
  [[nodiscard]] std::string token(const std::vector<std::string>& scopes) const;

  std::filesystem::path folder_;
  SmallServer server_;
};

}  // namespace slipway::images
