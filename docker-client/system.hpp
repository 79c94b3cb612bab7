#pragma once
#include <string>
#include <vector>

#include "docker-client/transport.hpp"

namespace slipway::docker {

/// GET /version.
struct EngineVersion {
  std::string version;  ///< "26.1.5"
  ApiVersion api, minimum_api;
  std::string os, architecture, kernel;
};

/// GET /info, what a scheduler wants of it.
struct EngineInfo {
  std::string id, name, operating_system, kernel, architecture, storage_driver, logging_driver, cgroup_version;
  int cpus = 0;
  std::int64_t memory_bytes = 0;
  int containers = 0, containers_running = 0, images = 0;
  bool live_restore = false;
  std::vector<std::string> security_options, warnings, insecure_registries;
};

/// Borrows `transport`, which must outlive it.
class System {
 public:
  explicit System(Transport& transport) : transport_(transport) {}
  awaitable<Result<void>> ping();
  awaitable<Result<EngineVersion>> version();
  awaitable<Result<EngineInfo>> info();

 private:
  Transport& transport_;
};

}  // namespace slipway::docker
