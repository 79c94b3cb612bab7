#pragma once
#include <string>

#include "base/json.hpp"

namespace slipway::cli {

/// The verdict if there is one, else the state, of a run, job or step of the API.
std::string outcome_of(const Json& item);

/// Everything about a run (RunDetail of the API) for people: heading, jobs, steps, why.
std::string describe_run(const Json& run);

/// "passed", "failed: exit code 4", "running": a job or step in a few words.
std::string describe_outcome(const Json& item);

}  // namespace slipway::cli
