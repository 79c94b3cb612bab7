#pragma once
#include <map>
#include <string>

#include "base/secret.hpp"

namespace slipway::docker {

/// How the Engine shows itself to one registry, in our name: a user name with its password, or an identity token.
/// Default-constructed it is nobody, which public images need and which the Engine wants said.
struct RegistryAuth {
  std::string username;
  Secret password;
  Secret identity_token;
  std::string server;  ///< the registry's host[:port], or https://index.docker.io/v1/

  [[nodiscard]] bool anonymous() const { return username.empty() && identity_token.empty(); }
};

/// Registry host → credentials.
using RegistryAuths = std::map<std::string, RegistryAuth>;

/// The value of X-Registry-Auth: base64url of a JSON object ("e30=", which is {}, for nobody). The Engine takes garbage
/// for nobody without a word, so the encoding is exact.
Secret auth_header(const RegistryAuth& auth);
/// The value of X-Registry-Config, which the classic builder reads: all credentials, by host.
Secret auth_config_header(const RegistryAuths& auths);

}  // namespace slipway::docker
