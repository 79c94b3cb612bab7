#include "tests/integration/rollouts/fleet/prometheus.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

#include "base/files.hpp"
#include "base/http_client.hpp"
#include "tests/integration/rollouts/fleet/child.hpp"

namespace slipway::rollouts {
namespace {

std::string config_for(const std::vector<std::string>& targets) {
  std::string list;
  for (const std::string& target : targets) list += (list.empty() ? "" : ", ") + ("\"" + target + "\"");
  return "global: {scrape_interval: 500ms, scrape_timeout: 500ms}\n"
         "scrape_configs: [{job_name: app, static_configs: [{targets: [" +
         list + "]}]}]\n";
}

}  // namespace

Prometheus::Prometheus(const std::vector<std::string>& targets) : port_(free_port()) {
  const std::string config = (folder_.path() / "prometheus.yml").string();
  const std::string log = (folder_.path() / "log").string();
  if (!write_file(config, config_for(targets))) throw std::runtime_error("can't write " + config);
  child_ =
      start_child({"prometheus", "--config.file=" + config, "--storage.tsdb.path=" + (folder_.path() / "data").string(),
                   "--web.listen-address=127.0.0.1:" + std::to_string(port_)},
                  log);
  for (int i = 0; i < 200; ++i) {
    const auto ready = send_http(HttpRequest("GET", url() + "/-/ready"));
    if (ready && ready->ok()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  const std::string said = read_file(log).value_or("");
  kill();
  throw std::runtime_error("prometheus (tools/install.sh test) does not start: " + said);
}

Prometheus::~Prometheus() {
  kill();
}

void Prometheus::kill() {
  if (child_ == 0) return;
  kill_child(std::exchange(child_, 0));
}

}  // namespace slipway::rollouts
