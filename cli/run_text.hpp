#pragma once
#include <string>

#include "base/json.hpp"

namespace slipway::cli {

/// The verdict if there is one, else the state, of a run or a job of the API.
std::string outcome_of(const Json& item);
/// Of a step: its verdict once its container has ended, else its state.
std::string outcome_of_step(const Json& step);

/// "passed", "error: no such image", "running": a run or a job in a few words.
std::string describe_outcome(const Json& item);
/// "failed: exit code 4", "interrupted: its container is gone"
std::string describe_step(const Json& step);

/// Everything about a run (RunDetail of the API) for people: heading, jobs, steps, images, why, and what
/// befell it from outside.
std::string describe_run(const Json& run);

}  // namespace slipway::cli
