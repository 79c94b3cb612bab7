#pragma once
#include <string>

#include "base/json.hpp"
#include "base/result.hpp"
#include "orchestrator/rollouts/machine.hpp"
#include "orchestrator/rollouts/once_note.hpp"
#include "orchestrator/rollouts/plan.hpp"
#include "orchestrator/store/rollouts.hpp"

/// The JSON under which a rollout's plan and progress are stored. What `dump` wrote, `parse` reads, also that of an
/// earlier release: fields that are missing have their default.
namespace slipway::rollouts {

std::string dump_plan(const Plan& plan);
Result<Plan> parse_plan(std::string_view text);

std::string dump_progress(const Progress& progress);
Result<Progress> parse_progress(std::string_view text);

/// Whether a stored rollout has begun something that has to be gone through with, or taken back: with a host, or its
/// migration.
bool has_begun(const store::Rollout& rollout);

/// What a stored rollout ends as that can't be worked on any more: succeeded if its generation is promoted already,
/// which leaves no more than to tidy up; rollback_failed if something was begun, rolled_back if nothing was.
Stage stage_given_up(const store::Rollout& rollout);

Json notes_json(const OnceNotes& notes);
OnceNotes notes_from(const Json& json);

}  // namespace slipway::rollouts
