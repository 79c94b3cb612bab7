#include "tests/integration/rollouts/fleet/caddy.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

#include "base/files.hpp"
#include "base/http_client.hpp"
#include "tests/integration/rollouts/fleet/child.hpp"
#include "tests/integration/rollouts/fleet/fleet.hpp"

namespace slipway::rollouts {
namespace {

/// `client` is a certificate in DER and base64.
std::string config_for(const std::string& address, const std::string& client) {
  return R"({
"admin": {"listen": ")" +
         address + R"(:2019",
  "identity": {"identifiers": [")" +
         address + R"("], "issuers": [{"module": "internal"}]},
  "remote": {"listen": ")" +
         address + R"(:2021", "access_control": [{"public_keys": [")" + client + R"("]}]}},
"apps": {"http": {"servers": {"srv0": {"listen": [":80"], "automatic_https": {"disable": true}, "routes": [
  {"match": [{"host": ["own.example.org"]}], "terminal": true,
   "handle": [{"handler": "static_response", "body": "somebody else's"}]}]}}}}
})";
}

}  // namespace

Caddy::Caddy(std::string address) : address_(std::move(address)) {
  const std::string folder = folder_.path().string();
  const std::string make = "cd " + folder +
                           " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "
                           "/CN=slipway -out client.pem -keyout client.key 2>/dev/null"
                           " && openssl x509 -in client.pem -outform DER | base64 -w0 > client.b64";
  if (std::system(make.c_str()) != 0) throw std::runtime_error("openssl makes no certificate");
  const std::string client = read_file(folder_.path() / "client.b64").value_or("");
  if (!write_file(folder_.path() / "caddy.json", config_for(address_, client))) throw std::runtime_error("no config");
  start();
}

Caddy::~Caddy() {
  kill_child(child_);
}

void Caddy::restart() {
  kill_child(child_);
  start();
}

void Caddy::start() {
  const std::string folder = folder_.path().string();
  const std::string host = "/hosts/h" + std::to_string(rig_number(address_));
  const std::string engine = read_file(rig_setting("SLIPWAY_TEST_RIG") + host + "/pid").value_or("");
  const std::string log = folder + "/log";
  child_ = start_child(
      {"nsenter", "--net=/proc/" + engine.substr(0, engine.find('\n')) + "/ns/net", "env", "XDG_DATA_HOME=" + folder,
       "XDG_CONFIG_HOME=" + folder, "caddy", "run", "--config", folder + "/caddy.json"},
      log);
  for (int i = 0; i < 200; ++i) {
    const auto ready = send_http(HttpRequest("GET", admin() + "/config/"));
    if (ready && ready->ok()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  throw std::runtime_error("caddy (tools/install.sh test) does not start: " + read_file(log).value_or(""));
}

caddy::CaddySettings Caddy::settings() const {
  caddy::CaddySettings settings;
  settings.admin = admin();
  settings.port = 80;
  settings.tls = false;
  return settings;
}

caddy::CaddySettings Caddy::remote() const {
  caddy::CaddySettings settings = this->settings();
  settings.admin = "https://" + address_ + ":2021";
  settings.ca = (folder_.path() / "caddy/pki/authorities/local/root.crt").string();
  settings.certificate = (folder_.path() / "client.pem").string();
  settings.key = (folder_.path() / "client.key").string();
  return settings;
}

}  // namespace slipway::rollouts
