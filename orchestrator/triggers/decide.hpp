#pragma once
#include <optional>
#include <string>

#include "orchestrator/store/deliveries.hpp"
#include "orchestrator/store/projects.hpp"
#include "orchestrator/triggers/event.hpp"

namespace slipway::triggers {

struct Decided {
  store::Decision decision = store::Decision::ignored;  ///< accepted or ignored
  std::string reason;                                   ///< one line, for the ledger and the sender
  std::optional<store::Run> run;                        ///< if accepted: as Runs::add takes it
};

/// Whether a project runs something because of an event. Pure. Which pipelines the event is for (`on:` in the file) is
/// not known yet: that is decided on the commit's own file.
///
/// Ignored: pings and unknown events; deleted branches and tags; pull requests that are drafts or closed, and what
/// happens to them beside new commits; pushes and pull requests with "[skip ci]" or "[ci skip]" in the newest commit's
/// message or the title, as far as the payload tells them (a tag is always meant); forks, where the project's policy is
/// `ignore`. Runs of pull requests from forks are never trusted, and wait for an approval where the policy is
/// `approve`.
///
/// A run's `context` holds what else is known: {"changed_paths": […]} if the payload says them all; for a pull request
/// head_branch, head_repository and from_fork; for a registry's event image, image_tag and image_digest.
Decided decide(const TriggerEvent& event, const store::Project& project);

}  // namespace slipway::triggers
