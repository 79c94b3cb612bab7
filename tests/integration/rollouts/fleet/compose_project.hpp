#pragma once
#include <string>
#include <vector>

#include "tests/integration/rollouts/fleet/fleet.hpp"
#include "tests/support/programs.hpp"

namespace slipway::rollouts {

/// A project of the real docker-compose on the rig's hosts. `Fleet::clean` takes what it made away.
class ComposeProject {
 public:
  /// `file` without a name; its images have to be in the rig's registry.
  ComposeProject(Fleet& fleet, std::string name, std::string file);

  /// `docker-compose up`: makes what is missing there, and again what is not as the file says.
  void up(const std::string& host);
  /// Of its containers on that host, running or not.
  [[nodiscard]] std::vector<std::string> names(const std::string& host);

 private:
  void pull_images(const std::string& host);

  Fleet& fleet_;
  std::string name_;
  std::string file_;
  Folder folder_;
};

}  // namespace slipway::rollouts
