#include "tests/e2e/service.hpp"

#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/http_client.hpp"

namespace slipway::e2e {
namespace {

constexpr const char* dockerfile = R"(FROM busybox:latest
ARG VERSION
RUN mkdir -p /www /state && printf '%s' "$VERSION" > /www/version
COPY unit.sh /unit.sh
EXPOSE 8080
HEALTHCHECK --interval=1s --timeout=2s --retries=2 CMD test ! -e /state/broken-$(cat /www/version)
CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]
)";

constexpr const char* pipeline = R"(on:
  push: {{branches: ["**"]}}
images:
  app: {{context: ., args: {{VERSION: "{version}"}}}}
jobs:
  unit:
    image: ${{{{ images.app }}}}
    network: none
    run: [sh /unit.sh]
  publish:
    needs: [unit]
    push: {{image: app, to: {image}, tags: ["${{{{ commit.short }}}}", latest]}}
  production:
    needs: [publish]
    deploy: {{file: compose.yml, images: {{web: app}}, group: production}}
)";

constexpr const char* compose = R"(name: {name}
services:
  web:
    image: {image}
    {reached}
    volumes: ["state:/state:ro"]
    stop_grace_period: 1s
volumes:
  state:
x-slipway:
  min_healthy_time: 1s
  health_deadline: 15s
)";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

Service::Service(const Repository& repository, std::string name, int port)
    : repository_(repository), name_(std::move(name)), port_(port) {}

Service Service::behind_proxies(const Repository& repository, std::string name) {
  Service service(repository, std::move(name), proxy_port);
  service.routed_ = true;
  return service;
}

std::string Service::image() const {
  return required("SLIPWAY_TEST_REGISTRY") + "/" + name_;
}

std::string Service::push(const std::string& version, const std::string& test, const std::string& policy) const {
  repository_.write("Dockerfile", dockerfile);
  repository_.write("unit.sh", test + "\n");
  repository_.write("slipway.yml", fmt::format(pipeline, fmt::arg("version", version), fmt::arg("image", image())));
  const std::string reached = routed_ ? fmt::format("x-slipway: {{route: {{host: {}.test, port: 8080}}}}", name_)
                                      : fmt::format("ports: [\"{}:8080\"]", port_);
  repository_.write(
      "compose.yml",
      fmt::format(compose, fmt::arg("name", name_), fmt::arg("image", image()), fmt::arg("reached", reached)) + policy);
  return repository_.push();
}

std::vector<std::string> Service::versions() const {
  std::vector<std::string> found;
  for (const Host& host : rig_hosts()) found.push_back(version_on(host));
  return found;
}

std::string Service::version_on(const Host& host) const {
  const std::string at = fmt::format("{}:{}", host.address, port_);
  return http_get("http://" + (routed_ ? name_ + ".test" : at) + "/version", at);
}

std::string Service::digest_of_tag(const std::string& tag) const {
  HttpRequest request("HEAD", "https://" + required("SLIPWAY_TEST_REGISTRY") + "/v2/" + name_ + "/manifests/" + tag);
  request.headers.emplace_back("Accept", "application/vnd.docker.distribution.manifest.v2+json");
  request.username = required("SLIPWAY_TEST_REGISTRY_USER");
  request.password = Secret(required("SLIPWAY_TEST_REGISTRY_PASSWORD"));
  request.ca_file = required("SLIPWAY_TEST_REGISTRY_CA");
  const Result<HttpResponse> response = send_http(request);
  return response && response->ok() ? response->header("docker-content-digest") : std::string();
}

std::vector<std::string> Service::running_digests() const {
  std::vector<std::string> digests;
  for (const Host& host : rig_hosts()) {
    for (const std::string& id : lines_of(host.docker({"ps", "-q", "--filter", "name=" + name_}).out)) {
      const std::string image_id = host.docker({"inspect", "-f", "{{.Image}}", id}).out;
      const std::string repo =
          host.docker({"image", "inspect", "-f", "{{index .RepoDigests 0}}", lines_of(image_id)[0]}).out;
      digests.push_back(lines_of(repo)[0].substr(repo.find('@') + 1));
    }
  }
  return digests;
}

void Cleared::clear() const {
  const std::string of_service = "label=dev.slipway.application=" + service_;
  for (const Host& host : rig_hosts()) {
    const auto remove_all = [&host](std::vector<std::string> listing, const std::vector<std::string>& removal) {
      for (const std::string& one : lines_of(host.docker(std::move(listing)).out)) {
        std::vector<std::string> words = removal;
        words.push_back(one);
        host.docker(words);
      }
    };
    remove_all({"ps", "-aq", "--filter", "name=" + service_}, {"rm", "-f", "-v"});
    remove_all({"ps", "-aq", "--filter", "label=dev.slipway.proxy"}, {"rm", "-f", "-v"});
    remove_all({"network", "ls", "-q", "--filter", of_service}, {"network", "rm"});
    remove_all({"volume", "ls", "-q", "--filter", "name=" + service_ + "_state"}, {"volume", "rm", "-f"});
    remove_all({"volume", "ls", "-q", "--filter", "label=dev.slipway.lease=" + service_}, {"volume", "rm", "-f"});
  }
}

}  // namespace slipway::e2e
