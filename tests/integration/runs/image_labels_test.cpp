// The labels of images that runs build.
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/store/images.hpp"
#include "tests/integration/runs/mini_daemon.hpp"
#include "tests/integration/runs/required.hpp"

using namespace slipway;
using namespace slipway::runs;

TEST_CASE("a built image has the labels of its file, and says where it comes from and what it is built on") {
  const Site site;
  MiniDaemon daemon(site);
  const std::string commit = site.commit(
      {{"slipway.yml",
        "on: {push: {}}\n"
        "images:\n"
        "  app:\n"
        "    context: .\n"
        "    target: made\n"
        "    labels: {org.opencontainers.image.licenses: MIT, org.opencontainers.image.title: \"App of ${{ project "
        "}}\"}\n"
        "jobs:\n"
        "  unit: {image: \"${{ images.app }}\", network: none, run: [\"true\"]}\n"},
       {"Dockerfile",
        "FROM busybox AS base\nFROM base AS made\nLABEL org.opencontainers.image.licenses=none com.example.own=1\n"
        "FROM scratch\n"}});
  const RunId id = daemon.push(commit);
  const store::Run run = daemon.wait(id);
  INFO(run.reason);
  REQUIRE(run.verdict == store::Verdict::passed);
  const auto built = required(daemon.run(daemon.store->read(&store::Images::built_by, id)));
  REQUIRE(built.size() == 1);
  const Json labels =
      required(parse_json(site.shell("docker image inspect -f '{{json .Config.Labels}}' " + built[0].config_id)));
  const std::string oci = "org.opencontainers.image.";
  CHECK(text_at(labels, oci + "licenses") == "MIT");
  CHECK(text_at(labels, oci + "title") == "App of shop");
  CHECK(text_at(labels, oci + "revision") == commit);
  CHECK(text_at(labels, oci + "base.name") == "docker.io/library/busybox:latest");
  CHECK_FALSE(labels.contains(oci + "base.digest"));
  CHECK(text_at(labels, "com.example.own") == "1");
}
