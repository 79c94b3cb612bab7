#pragma once
#include <cstdint>
#include <string>

#include "base/json.hpp"
#include "cli/session.hpp"

/// What the verbs share that ask something of an application's rollout.
namespace slipway::cli {

/// Posts `body` to /api/v1/apps/APP/VERB; answers `{id}`, the number of the rollout it is about.
Result<Json> post_to_app(Session& session, const std::string& app, const std::string& verb, const Json& body);

/// What the end of a rollout, as the history has it, means to who waits for it: see `wait_for_rollout`.
Exit exit_of_rollout(const Json& rollout, bool back);

/// Follows a rollout to its end, tells of what happens on the way, host by host, and prints the end: in words, or as
/// the history has it if JSON is asked for.
/// Exit::run_failed if it is no good one: it succeeded, or, where `back` is what was asked for, it is another that was
/// turned round: a rollback that ends as "rolled_back" has changed nothing.
Result<Exit> wait_for_rollout(Session& session, std::int64_t id, bool back = false);

}  // namespace slipway::cli
