#include "orchestrator/runs/container_specs.hpp"

#include "orchestrator/runs/script.hpp"

namespace slipway::runs {
namespace {

/// Of the Engine's default set: what builds and tests have no use for and attacks on the kernel and the network do.
const std::vector<std::string> kDropped = {"AUDIT_WRITE", "MKNOD", "NET_RAW", "SETFCAP", "SETPCAP"};

// JSON escaping makes a log up to six times as long; beyond this the driver may drop what nobody has read, which
// shows in the log as a gap.
constexpr std::uint64_t kLogFactor = 8;

docker::ContainerSpec bounded(const JobOrder& job, const ResourceLimits& limits, std::string image,
                              std::string network_mode) {
  docker::ContainerSpec spec(std::move(image));
  spec.limits.cpus = limits.cpus;
  spec.limits.memory_bytes = limits.memory_bytes;
  spec.limits.memory_swap_bytes = limits.memory_bytes;  // no swap on top
  spec.limits.pids = limits.pids;
  spec.cap_drop = kDropped;
  spec.no_new_privileges = true;
  spec.log.driver = "json-file";
  spec.log.options = {{"max-size", std::to_string(kLogFactor * job.log_limit)}, {"max-file", "2"}};
  spec.stop_timeout_seconds = static_cast<int>(job.grace.count());
  spec.network_disabled = network_mode.empty();
  spec.network_mode = network_mode.empty() ? "none" : std::move(network_mode);
  return spec;
}

void set_env(docker::ContainerSpec& spec, const std::map<std::string, std::string>& env) {
  for (const auto& [name, value] : env) spec.env.push_back(name + "=" + value);
}

std::string workdir_of(const std::string& given) {
  if (given.starts_with('/')) return given;
  return given.empty() ? std::string(kWorkspace) : std::string(kWorkspace) + "/" + given;
}

}  // namespace

Result<docker::ContainerSpec> step_container(const JobOrder& job, const StepSpec& step, std::string image,
                                             std::string network_mode) {
  docker::ContainerSpec spec = bounded(job, job.limits, std::move(image), std::move(network_mode));
  if (!step.commands.empty()) {
    Result<std::string> script = make_script(step.commands);
    if (!script) return fail(script.error());
    spec.entrypoint = std::vector<std::string>{"/bin/sh"};
    spec.command = std::vector<std::string>{"-c", std::move(*script)};
  }
  set_env(spec, step.env);
  spec.workdir = workdir_of(step.workdir);
  docker::Mount workspace;
  workspace.source = job.name.workspace();
  workspace.target = std::string(kWorkspace);
  workspace.no_copy = true;
  workspace.labels = job.name.labels();
  spec.mounts.push_back(std::move(workspace));
  return spec;
}

docker::ContainerSpec service_container(const JobOrder& job, const ServiceSpec& service, std::string image,
                                        std::string network_mode) {
  docker::ContainerSpec spec = bounded(job, service.limits, std::move(image), std::move(network_mode));
  if (!service.command.empty()) spec.command = service.command;
  set_env(spec, service.env);
  return spec;
}

}  // namespace slipway::runs
