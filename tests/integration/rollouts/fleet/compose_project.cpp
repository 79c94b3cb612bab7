#include "tests/integration/rollouts/fleet/compose_project.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "base/files.hpp"

namespace slipway::rollouts {

ComposeProject::ComposeProject(Fleet& fleet, std::string name, std::string file)
    : fleet_(fleet), name_(std::move(name)), file_(std::move(file)) {
  if (!write_file(folder_.path() / "docker-compose.yml", file_)) throw std::runtime_error("can't write a Compose file");
}

/// By an engine's client that knows the registry's password; docker-compose then finds them there.
void ComposeProject::pull_images(const std::string& host) {
  docker::Engine& engine = **fleet_.hosts->engine(host);
  std::istringstream lines(file_);
  for (std::string line; std::getline(lines, line);) {
    const auto at = line.find("image: ");
    if (at == std::string::npos) continue;
    const std::string image = line.substr(at + std::string("image: ").size());
    docker::PullSpec pull;
    pull.repository = image.substr(0, image.find('@'));
    pull.reference = image.substr(image.find('@') + 1);
    pull.auth = *fleet_.run(fleet_.registry.credentials(pull.repository));
    const auto pulled = fleet_.run(engine.images().pull(pull));
    if (!pulled) throw std::runtime_error(pulled.error().message);
  }
}

void ComposeProject::up(const std::string& host) {
  pull_images(host);
  const Ran ran = run_program({"docker-compose", "-p", name_, "up", "-d", "-t", "1"},
                              {{"DOCKER_HOST", "tcp://" + fleet_.hosts->address_of(host) + ":2376"},
                               {"DOCKER_TLS_VERIFY", "1"},
                               {"DOCKER_CERT_PATH", rig_setting("SLIPWAY_TEST_TLS")}},
                              {}, folder_.path());
  if (ran.code != 0) throw std::runtime_error("docker-compose (tools/install.sh test) on " + host + ": " + ran.err);
}

std::vector<std::string> ComposeProject::names(const std::string& host) {
  docker::Engine& engine = **fleet_.hosts->engine(host);
  std::vector<std::string> names;
  const auto there = fleet_.run(compose_containers(engine.containers(), name_));
  if (!there) throw std::runtime_error(there.error().message);
  for (const docker::ContainerSummary& one : *there) names.push_back(one.name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace slipway::rollouts
