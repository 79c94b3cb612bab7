#pragma once
#include <string>
#include <string_view>

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

/// Whether a commit's message, or a pull request's title, wishes for no run: "[skip ci]" or "[ci skip]" in any case.
bool asks_to_skip(std::string_view message);

}  // namespace slipway::pipelines
