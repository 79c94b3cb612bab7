#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "orchestrator/logs/masker.hpp"
#include "orchestrator/runs/naming.hpp"
#include "pipelines/pipeline.hpp"

/// What one attempt at a job of steps is made from: the plan with everything filled in that only the run knows.
namespace slipway::runs {

/// An image to run: one of the run's own builds by config id, or a reference that may have to be pulled.
struct ImageUse {
  std::string reference;
  bool built = false;      ///< `reference` is a config id, and nothing else will do
  bool anonymous = false;  ///< pulled without credentials, whatever slipwayd has
};

struct ResourceLimits {
  double cpus = 2;
  std::int64_t memory_bytes = 2LL << 30;
  std::int64_t pids = 1024;
};

struct StepSpec {
  std::string name;
  ImageUse image;
  std::vector<std::string> commands;       ///< one script; empty: what the image runs by itself
  std::map<std::string, std::string> env;  ///< with those of the job and the secrets it asked for
  std::string workdir;                     ///< relative to the workspace, or absolute
};

struct ServiceSpec {
  std::string name;
  ImageUse image;
  std::vector<std::string> command;
  std::map<std::string, std::string> env;
  pipelines::Readiness ready;
  ResourceLimits limits;
};

struct JobOrder {
  explicit JobOrder(AttemptName n) : name(std::move(n)) {}
  AttemptName name;
  std::vector<StepSpec> steps;
  std::vector<ServiceSpec> services;
  ResourceLimits limits;  ///< of each container
  /// Why no container of it can be made any more (a secret is gone); empty: they can.
  std::string unmet;
  /// Why it can't go on by a fault of slipway's (an image is not known): containers that are there are ended.
  std::string broken;
  bool offline = false;  ///< no network but the job's own loopback
  std::string source;    ///< folder whose content becomes the workspace; empty: an empty workspace
  std::shared_ptr<const logs::MaskPatterns> masks;
  std::uint64_t log_limit = 64 << 20;
  std::chrono::seconds grace{10};
  Time deadline{};
};

/// Where the workspace is in every step.
inline constexpr std::string_view kWorkspace = "/workspace";

}  // namespace slipway::runs
