#pragma once
#include "docker-client/container_spec.hpp"
#include "orchestrator/runs/job_order.hpp"

/// Pure: from a job to the containers that the Engine is asked for.
namespace slipway::runs {

/// The container of a step. `image` is a config id; `network_mode` is empty for a container of its own without a
/// network. Never privileged, no host paths, no engine socket, a reduced set of capabilities, bounded memory, cpus,
/// pids and log files. Commands that can't be a script are Kind::invalid.
Result<docker::ContainerSpec> step_container(const JobOrder& job, const StepSpec& step, std::string image,
                                             std::string network_mode);

/// The container of a service: likewise, without the workspace.
docker::ContainerSpec service_container(const JobOrder& job, const ServiceSpec& service, std::string image,
                                        std::string network_mode);

}  // namespace slipway::runs
