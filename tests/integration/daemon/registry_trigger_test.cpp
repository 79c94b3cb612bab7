// From a push to a real registry, which tells slipwayd of it, to what the run's steps know of the image.
#include "base/encoding.hpp"
#include "tests/integration/daemon/site.hpp"
#include "tests/support/test_registry.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace {

const std::string kHookSecret = "a hook's secret of some length";

/// Pushes busybox as `image` with the account of the registry; the manifest's digest.
std::string push_busybox(const Folder& folder, const TestRegistry& registry, const std::string& image) {
  const Json auth = {{"auth", to_base64(std::string(TestRegistry::user) + ":" + TestRegistry::password)}};
  const Json config = {{"auths", {{registry.host(), auth}}}};
  std::filesystem::create_directories(folder.path() / "docker");
  REQUIRE(write_file(folder.path() / "docker" / "config.json", dump_json(config), 0600));
  std::map<std::string, std::string> environment = {{"DOCKER_CONFIG", (folder.path() / "docker").string()}};
  if (const char* engine = std::getenv("SLIPWAY_TEST_ENGINE")) environment["DOCKER_HOST"] = engine;
  const Ran pushed = run_program(
      {"sh", "-ec", "docker tag busybox " + image + "; docker push " + image + "; docker rmi " + image}, environment);
  INFO(pushed.out << pushed.err);
  REQUIRE(pushed.code == 0);
  const auto at = pushed.out.find("digest: sha256:");
  REQUIRE(at != std::string::npos);
  return pushed.out.substr(at + 8, 71);
}

}  // namespace

TEST_CASE("a push to a registry starts a run, and its steps know which image has got which tag and digest",
          "[engine]") {
  const Folder folder;
  Site site(folder, "true");
  REQUIRE(site.daemon->send("PATCH", "/api/v1/projects/shop", {{"hook_secret", kHookSecret}}).status == 200);
  const TestRegistry registry(
      TestRegistry::Listener{site.daemon->url() + "/hooks/shop/distribution", "Bearer " + kHookSecret});
  const std::string image = registry.host() + "/library/base";
  const std::string commit = site.commit_pipeline("on: {registry: {image: \"" + image +
                                                  "\", tag: \"v*\"}}\n"
                                                  "jobs:\n"
                                                  "  unit:\n"
                                                  "    image: busybox\n"
                                                  "    network: none\n"
                                                  "    env: {GIVEN: \"${{ registry.digest }}\"}\n"
                                                  "    run:\n"
                                                  "      - echo \"$SLIPWAY_EVENT $SLIPWAY_REGISTRY_IMAGE "
                                                  "$SLIPWAY_REGISTRY_TAG $SLIPWAY_REGISTRY_DIGEST $GIVEN\"\n");
  const std::string digest = push_busybox(folder, registry, image + ":v2.1");

  Json runs = Json::array();
  for (const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20); runs.empty();) {
    INFO(site.daemon->output());
    REQUIRE(std::chrono::steady_clock::now() < limit);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    runs = parse_json(site.daemon->send("GET", "/api/v1/runs?project=shop").body).value()["items"];
  }
  REQUIRE(runs.size() == 1);
  const Json run = site.finished(runs[0]["id"].get<std::int64_t>());
  INFO(dump_json(run));
  CHECK(run["event"] == "registry");
  CHECK(run["commit"] == commit);
  CHECK(run["verdict"] == "passed");
  CHECK_THAT(site.log(run), Catch::EndsWith("\nregistry " + image + " v2.1 " + digest + " " + digest + "\n"));
}
