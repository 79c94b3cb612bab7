// A real HAProxy on the rig's hosts in front of real containers.
#include <cstdlib>
#include <filesystem>

#include <catch2/catch.hpp>

#include "base/http_client.hpp"
#include "tests/integration/rollouts/fleet/fleet.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// Containers of an application on h1, made by hand, and the traffic to them.
struct Scene {
  explicit Scene(std::string name) : application(std::move(name)), folder("/tmp/slipway-" + application) {
    std::filesystem::remove_all(folder);
    fleet = std::make_unique<Fleet>(folder);
    fleet->clean();
    push_proxy_image(*fleet);
    image = push_web_image(*fleet, application, "unused");
  }
  ~Scene() {
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
  [[nodiscard]] Backend backend(const std::string& name, const std::string& service = "web") const {
    Route route;
    route.port = 8080;
    return {service, application + "-" + name, route};
  }
  [[nodiscard]] HttpResponse get(const std::string& path = "/", const std::string& host = "h1.example.org") const {
    HttpRequest request("GET", "http://" + fleet->hosts->address_of("h1") + path);
    request.headers = {{"Host", host}};
    request.follow_redirects = false;
    const auto answer = send_http(request);
    if (!answer) FAIL(answer.error().message);
    return *answer;
  }
  /// What "/" answers, a container just started included.
  [[nodiscard]] std::string answer(const std::string& host = "h1.example.org") {
    std::string text;
    fleet->run_until([&] {
      const HttpResponse response = get("/", host);
      text = response.status == 200 ? response.body.substr(0, response.body.find('\n')) : "";
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

}  // namespace

TEST_CASE("requests go to what is attached, and no longer to what is detached") {
  Scene scene("ro-attach");
  scene.serve("one");
  scene.serve("two");
  Traffic& traffic = *scene.fleet->traffic;
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("one")}, 100)));
  CHECK(scene.answer() == "one");
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("two")}, 100)));
  scene.done(scene.fleet->run(traffic.detach(scene.place(), {"ro-attach-one"})));
  for (int i = 0; i < 10; ++i) CHECK(scene.answer() == "two");
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("two")}, 100)));
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("one")}, 100)));
  scene.done(scene.fleet->run(traffic.detach(scene.place(), {"ro-attach-two"})));
  for (int i = 0; i < 10; ++i) CHECK(scene.answer() == "one");
  CHECK(scene.proxies().size() == 1);
}

TEST_CASE("new containers get the percentage of the requests that is asked for, and an even part with 100") {
  Scene scene("ro-weight");
  scene.serve("old");
  scene.serve("old2");
  scene.serve("new");
  Traffic& traffic = *scene.fleet->traffic;
  REQUIRE(traffic.weighs());
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("old"), scene.backend("old2")}, 100)));
  const auto [percent, expected] = GENERATE(table<unsigned, int>({{20, 20}, {75, 75}, {100, 33}}));
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("new")}, percent)));
  REQUIRE_FALSE(scene.answer().empty());
  int fresh = 0;
  for (int i = 0; i < 100; ++i) fresh += scene.get().body.starts_with("new") ? 1 : 0;
  CHECK(std::abs(fresh - expected) <= 4);
}
