#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace slipway::auth {

/// Encrypts secrets for the store: XChaCha20-Poly1305 with a random nonce, and whose secret it is authenticated along,
/// so that a sealed text moved to another project or name does not open. A value: no I/O.
class Vault {
 public:
  /// `keys` as of open_key_file, at least one: the first seals, all open.
  explicit Vault(std::vector<Secret> keys);

  /// `project` is the project's name, `what` tells its secrets apart: "secret/DEPLOY_KEY", "hook". The answer is
  /// printable: "v1.<key>.<base64>".
  [[nodiscard]] std::string seal(const Secret& value, std::string_view project, std::string_view what) const;

  /// A text that was not sealed for this project and `what`, or was changed, is Kind::invalid; one under a key that the
  /// file has no more is Kind::not_found.
  [[nodiscard]] Result<Secret> open(std::string_view sealed, std::string_view project, std::string_view what) const;

  /// True if it should be sealed anew: it is under an older key.
  [[nodiscard]] bool outdated(std::string_view sealed) const;

 private:
  std::map<std::string, Secret, std::less<>> keys_;  // by id
  std::string newest_;
};

}  // namespace slipway::auth
