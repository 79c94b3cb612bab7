#pragma once
#include <algorithm>
#include <filesystem>

#include "tests/integration/rollouts/fleet/fleet.hpp"
#include "tests/integration/rollouts/fleet/must.hpp"

namespace slipway::rollouts {

/// A data folder, a fleet over it, and an application that is gone afterwards.
struct Scene {
  explicit Scene(std::string name) : application(std::move(name)), folder("/tmp/slipway-" + application) {
    std::filesystem::remove_all(folder);
    fleet = std::make_unique<Fleet>(folder);
    fleet->clean();
    fleet->add_project();
  }
  ~Scene() {
    fleet->clean();
    fleet.reset();
    std::filesystem::remove_all(folder);
  }

  /// web on port 8080 of every host; `more` are further lines of x-slipway.
  [[nodiscard]] std::string compose(const std::string& more = {}) const {
    return "name: " + application +
           "\nservices:\n  web:\n    ports: [\"8080:8080\"]\n    stop_grace_period: 1s\n"
           "x-slipway:\n  targets: [production]\n  min_healthy_time: 300ms\n  health_deadline: 8s\n"
           "  gate: {http: {port: 8080, interval: 200ms}}\n" +
           more;
  }
  [[nodiscard]] std::vector<std::string> served() {
    std::vector<std::string> all;
    for (const char* host : {"h1", "h2", "h3"}) all.push_back(fleet->served(host, 8080));
    return all;
  }
  /// Running containers on a host.
  [[nodiscard]] std::vector<std::string> running(const std::string& host) {
    std::vector<std::string> names;
    for (const Shown& one : fleet->shown(host, application)) {
      if (one.running) names.push_back(one.name);
    }
    return names;
  }
  /// What a command in the application's one running container on h1 prints.
  std::string inside(const std::string& script) {
    docker::ExecSpec spec({"sh", "-c", script});
    docker::Engine& engine = **fleet->hosts->engine("h1");
    return must(fleet->run(engine.exec().run(running("h1").at(0), std::move(spec)))).output;
  }
  [[nodiscard]] bool said(const std::string& part) const {
    return std::any_of(fleet->said.begin(), fleet->said.end(),
                       [&](const std::string& line) { return line.find(part) != std::string::npos; });
  }

  std::string application;
  std::string folder;
  std::unique_ptr<Fleet> fleet;
};

inline std::vector<std::string> thrice(const std::string& text) {
  return {text, text, text};
}

}  // namespace slipway::rollouts
