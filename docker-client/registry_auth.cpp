#include "docker-client/registry_auth.hpp"

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace slipway::docker {
namespace {

Json to_json(const RegistryAuth& auth) {
  Json object = Json::object();
  if (auth.anonymous()) return object;
  if (auth.identity_token.empty()) {
    object["username"] = auth.username;
    object["password"] = auth.password.reveal();
  } else {
    object["identitytoken"] = auth.identity_token.reveal();
  }
  if (!auth.server.empty()) object["serveraddress"] = auth.server;
  return object;
}

}  // namespace

Secret auth_header(const RegistryAuth& auth) {
  return Secret(to_base64url(dump_json(to_json(auth))));
}

Secret auth_config_header(const RegistryAuths& auths) {
  Json all = Json::object();
  for (const auto& [host, auth] : auths) all[host] = to_json(auth);
  return Secret(to_base64url(dump_json(all)));
}

}  // namespace slipway::docker
