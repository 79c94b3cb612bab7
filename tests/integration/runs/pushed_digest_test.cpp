// A registry's event without a digest, as Docker Hub's webhooks are: the registry itself is asked.
#include "tests/integration/runs/open_registry.hpp"
#include "tests/support/scripted_server.hpp"

using namespace slipway;
using namespace slipway::runs;

namespace {

/// A file for pushes of `image`, whose job says the digest twice.
std::string tells_digest(const std::string& image) {
  return "on: {registry: {image: \"" + image +
         "\"}}\n"
         "jobs:\n"
         "  unit: {image: busybox, network: none, env: {DIGEST: \"${{ registry.digest }}\"}, "
         "run: [\"echo $DIGEST $SLIPWAY_REGISTRY_DIGEST\"]}\n";
}

/// A repository at a server that is reached by plain HTTP.
std::string image_at(const ScriptedServer& server) {
  return server.url().substr(std::string("http://").size()) + "/base/python";
}

/// An event of `image`, of which its sender knows the tag alone.
store::Run push_of(const std::string& image, const std::string& tag) {
  store::Run row;
  row.event = store::Trigger::registry;
  row.ref = "refs/heads/main";
  row.branch = "main";
  row.trusted = true;
  Json context = Json::object();
  context["image"] = image;
  context["image_tag"] = tag;
  context["image_digest"] = "";
  row.context = dump_json(context);
  return row;
}

std::string output_of(MiniDaemon& daemon, RunId id) {
  return daemon.log(id, daemon.attempts(id).at(0).log_name);
}

}  // namespace

TEST_CASE("a pushed image whose sender tells no digest has the registry's, and keeps it when it is run again") {
  const Site site;
  const OpenRegistry registry(site, "127.0.0.1");
  MiniDaemon daemon(site);
  const std::string image = registry.address() + "/base/python";
  site.commit({{"slipway.yml", tells_digest(image)}});
  const auto push = [&](const std::string& from) {
    site.shell("docker tag " + from + " " + image + ":3 && docker push -q " + image + ":3 && docker rmi " + image +
               ":3");
    return registry.digest_of("base/python", "3");
  };
  const std::string first = push("busybox");
  REQUIRE(first.starts_with("sha256:"));
  const RunId id = daemon.add(push_of(image, "3"));
  const store::Run run = daemon.wait(id);
  INFO(run.reason);
  REQUIRE(run.verdict == store::Verdict::passed);
  CHECK_THAT(output_of(daemon, id), Catch::Contains(first + " " + first + "\n"));

  site.shell("printf 'FROM busybox\nRUN touch /other\n' | docker build -q -t " + image + ":other -");
  const std::string second = push(image + ":other");
  site.shell("docker rmi " + image + ":other");
  REQUIRE(second != first);
  store::Run again = required(daemon.run(daemon.store->read(&store::Runs::get, id)));
  again.state = store::RunState::queued;
  again.rerun_of = id;
  const RunId rerun = daemon.add(std::move(again));
  CHECK(daemon.wait(rerun).verdict == store::Verdict::passed);
  CHECK_THAT(output_of(daemon, rerun), Catch::Contains(first + " " + first + "\n"));
}

TEST_CASE("without the digest of what was pushed a run does not begin, and says why") {
  const Site site;
  const OpenRegistry registry(site, "127.0.0.1");
  MiniDaemon daemon(site);
  const std::string image = registry.address() + "/base/none";
  site.commit({{"slipway.yml", tells_digest(image)}});
  const RunId id = daemon.add(push_of(image, "3"));
  const store::Run run = daemon.wait(id);
  CHECK(run.verdict == store::Verdict::failed);
  CHECK_THAT(run.reason, Catch::StartsWith("the digest of " + image + ":3, which was pushed: "));
  CHECK(run.title == "Change it");
  CHECK(daemon.jobs(id).empty());
}

TEST_CASE("a registry that is out for a moment is asked again for a digest") {
  const Site site;
  MiniDaemon daemon(site);
  const std::string digest = "sha256:" + std::string(64, 'a');
  const std::string found =
      "HTTP/1.1 200 OK\r\nDocker-Content-Digest: " + digest + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  const std::string out = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  const ScriptedServer registry({ScriptedServer::Turn(out), ScriptedServer::Turn(found)});
  site.commit({{"slipway.yml", tells_digest(image_at(registry))}});
  const RunId id = daemon.add(push_of(image_at(registry), "3"));
  const store::Run run = daemon.wait(id);
  INFO(run.reason);
  REQUIRE(run.verdict == store::Verdict::passed);
  CHECK_THAT(output_of(daemon, id), Catch::Contains(digest + " " + digest + "\n"));
  const std::vector<std::string> asked = registry.asked();
  REQUIRE(asked.size() == 2);
  CHECK_THAT(asked[0], Catch::StartsWith("HEAD /v2/base/python/manifests/3 "));
}

TEST_CASE("a digest that the sender tells is taken, and no registry asked") {
  const Site site;
  MiniDaemon daemon(site);
  const std::string digest = "sha256:" + std::string(64, 'b');
  const ScriptedServer registry({});
  site.commit({{"slipway.yml", tells_digest(image_at(registry))}});
  store::Run row = push_of(image_at(registry), "3");
  Json context = required(parse_json(row.context));
  context["image_digest"] = digest;
  row.context = dump_json(context);
  const RunId id = daemon.add(std::move(row));
  CHECK(daemon.wait(id).verdict == store::Verdict::passed);
  CHECK_THAT(output_of(daemon, id), Catch::Contains(digest + " " + digest + "\n"));
  CHECK(registry.asked().empty());
}
