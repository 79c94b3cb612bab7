#pragma once
#include <filesystem>

#include <catch2/catch.hpp>

#include "base/http_client.hpp"
#include "tests/integration/rollouts/fleet/fleet.hpp"

namespace slipway::rollouts {

/// Containers of an application on h1, made by hand, and the traffic to them.
struct TrafficScene {
  explicit TrafficScene(std::string name) : application(std::move(name)), folder("/tmp/slipway-" + application) {
    std::filesystem::remove_all(folder);
    fleet = std::make_unique<Fleet>(folder);
    fleet->clean();
    push_proxy_image(*fleet);
    image = push_web_image(*fleet, application, "unused");
  }
  ~TrafficScene() {
    fleet->clean();
    fleet.reset();
    std::filesystem::remove_all(folder);
  }

  docker::Engine& engine() { return **fleet->hosts->engine("h1"); }
  [[nodiscard]] Place place() const { return {application, "h1"}; }

  /// Runs `script` in a container named after the application.
  void start(const std::string& name, const std::string& script, const std::string& network = "bridge") {
    docker::PullSpec pull;
    pull.repository = image.substr(0, image.find('@'));
    pull.reference = image.substr(image.find('@') + 1);
    pull.auth = *fleet->run(fleet->registry.credentials(pull.repository));
    REQUIRE(fleet->run(engine().images().pull(pull)));
    docker::ContainerSpec spec(image);
    spec.name = application + "-" + name;
    spec.command = {"sh", "-c", script};
    spec.entrypoint = std::vector<std::string>{};
    spec.network_mode = network;
    spec.labels = {{"dev.slipway.instance", fleet->store->instance()}, {"dev.slipway.application", application}};
    REQUIRE(fleet->run(engine().containers().create(std::move(spec))));
    REQUIRE(fleet->run(engine().containers().start(application + "-" + name)));
  }
  /// A container that answers `name`.
  void serve(const std::string& name) {
    start(name, "mkdir /www; echo " + name + " > /www/index.html; exec httpd -f -p 8080 -h /www");
  }
  /// A container that answers requests, one after the other, with "slow" and not before `release`.
  void serve_held(const std::string& name) {
    start(name,
          "while true; do nc -l -p 8080 -e sh -c 'touch /tmp/asked; until [ -e /tmp/go ]; do sleep 0.1; done; "
          "printf \"HTTP/1.0 200 OK\\r\\n\\r\\nslow\\n\"'; done");
  }
  /// Until a request is there.
  void await_request(const std::string& name) {
    fleet->run_until([&] { return exit_code_in(name, "test -e /tmp/asked") == 0; });
  }
  void release(const std::string& name) { REQUIRE(exit_code_in(name, "touch /tmp/go") == 0); }
  int exit_code_in(const std::string& name, const std::string& script) {
    docker::ExecSpec spec({"sh", "-c", script});
    const auto ended = fleet->run(engine().exec().run(application + "-" + name, std::move(spec)));
    REQUIRE(ended);
    return ended->exit_code;
  }
  [[nodiscard]] Backend backend(const std::string& name, const std::string& service = "web") const {
    Route route;
    route.port = 8080;
    return {service, application + "-" + name, route};
  }
  [[nodiscard]] Result<HttpResponse> ask(const std::string& path, const std::string& host) const {
    HttpRequest request("GET", "http://" + fleet->hosts->address_of("h1") + path);
    request.headers = {{"Host", host}};
    request.follow_redirects = false;
    return send_http(request);
  }
  [[nodiscard]] HttpResponse get(const std::string& path = "/", const std::string& host = "h1.example.org") const {
    const auto answer = ask(path, host);
    if (!answer) FAIL(answer.error().message);
    return *answer;
  }
  /// What "/" answers, a container or a proxy just started included.
  [[nodiscard]] std::string answer(const std::string& host = "h1.example.org") {
    std::string text;
    fleet->run_until([&] {
      const auto response = ask("/", host);
      text = response && response->status == 200 ? response->body.substr(0, response->body.find('\n')) : "";
      return !text.empty();
    });
    return text;
  }
  [[nodiscard]] std::vector<std::string> proxies() {
    docker::ListContainers what;
    what.all = false;
    what.filters.label("dev.slipway.proxy");
    const auto listed = fleet->run(engine().containers().list(std::move(what)));
    std::vector<std::string> names;
    for (const auto& one : *listed) names.push_back(one.name);
    return names;
  }
  void done(Result<void> result) {
    if (!result) FAIL(result.error().message);
  }

  std::string application;
  std::string folder;
  std::string image;
  std::unique_ptr<Fleet> fleet;
};

}  // namespace slipway::rollouts
