#pragma once
#include <string>

#include "pipelines/context.hpp"
#include "pipelines/pipeline.hpp"

namespace slipway::pipelines {

/// Whether a file wants an event, and why, for people: "push to `docs`: no pattern of `on.push.branches` matches".
struct Decision {
  bool wanted = false;
  std::string reason;
};

/// A manual run is always wanted. Paths that are not known count as changed: rather one run too many than one too few.
Decision decide(const Triggers& on, const Context& context);

}  // namespace slipway::pipelines
