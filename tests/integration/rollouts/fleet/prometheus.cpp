#include "tests/integration/rollouts/fleet/prometheus.hpp"

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
  // It is ready at once, but takes up its targets only up to five seconds later.
  const bool scrapes = answers_within(std::chrono::seconds(20), "/api/v1/targets", [](const std::string& body) {
    return body.find("\"lastScrape\"") != std::string::npos && body.find("\"0001-01-01T") == std::string::npos;
  });
  if (scrapes) return;
  const std::string said = read_file(log).value_or("");
  kill();
  throw std::runtime_error("prometheus (tools/install.sh test) does not start: " + said);
}

Prometheus::~Prometheus() {
  kill();
}

void Prometheus::await(const std::string& metric) const {
  const bool there =
      answers_within(std::chrono::seconds(20), "/api/v1/query?query=" + metric,
                     [](const std::string& body) { return body.find("\"value\"") != std::string::npos; });
  if (!there) throw std::runtime_error("prometheus has no " + metric);
}

bool Prometheus::answers_within(std::chrono::seconds patience, const std::string& path,
                                const std::function<bool(const std::string&)>& accept) const {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end) {
    const auto answer = send_http(HttpRequest("GET", url() + path));
    if (answer && answer->ok() && accept(answer->body)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}

void Prometheus::kill() {
  if (child_ == 0) return;
  kill_child(std::exchange(child_, 0));
}

}  // namespace slipway::rollouts
