#pragma once
#include <map>
#include <memory>
#include <string>

#include "orchestrator/rollouts/parts.hpp"
#include "orchestrator/rollouts/target.hpp"
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/rollouts.hpp"

/// From a Compose file to a stored generation, and from there to a target.
namespace slipway::rollouts {

/// What a new generation is made from.
struct GenerationOrder {
  ProjectId project;
  RunId run;
  ComposeText compose;
  std::map<std::string, std::string> files;   ///< of the checkout, by the path that the Compose file writes
  std::map<std::string, std::string> images;  ///< service → "repository@sha256:…" that the run built and tested
  std::string group;                          ///< overrides x-slipway.targets; may be empty
};

/// `rules` for the files of `project`.
awaitable<Result<ComposeRules>> rules_of_project(store::Store& store, ComposeRules rules, ProjectId project);

/// Decodes, finds the hosts, pins every image by digest and every service by its hash. Nothing is stored yet, so the
/// number is 0, and so is the generation of services that may turn out to be new.
awaitable<Result<GenerationSpec>> make_generation(Parts& parts, GenerationOrder order);

/// A stored generation as a new one: the same file, images and hosts, its secrets as they are now. Numbers are 0 as in
/// `make_generation`.
awaitable<Result<GenerationSpec>> renew_generation(Parts& parts, ProjectId project, store::Generation row);

/// How the generation's own file wants to be rolled out.
Result<Policy> policy_of(const GenerationSpec& spec);

/// The table's row for it, and back.
store::Generation to_row(const GenerationSpec& spec, RunId run, Time created);
Result<GenerationSpec> from_row(const store::Generation& row);

/// Gives services that are in an earlier generation as they are here the containers of that one, and the generation
/// what the application got from Docker Compose.
void reuse_releases(GenerationSpec& spec, const std::vector<store::Generation>& earlier);

/// The generations that stand behind one another, the present one last: a deploy puts its own on top, a rollback takes
/// away all above the one it went to. So what was rolled back from is never what a rollback goes to.
std::vector<std::int64_t> standing_generations(const std::vector<store::Rollout>& newest_first);

/// Those that a rollback from `number` might go to: of the generations that stand below it, the newest `keep`.
awaitable<Result<std::vector<std::int64_t>>> kept_generations(Parts& parts, std::string application,
                                                              std::int64_t number, std::size_t keep);

/// A stored generation made ready. Number 0 is the target that asks for nothing.
awaitable<Result<std::shared_ptr<const Target>>> load_target(Parts& parts, std::string application,
                                                             std::int64_t number);

/// The same without the content of its secrets and configs: enough to compare hosts with it.
awaitable<Result<std::shared_ptr<const Target>>> load_outline(Parts& parts, std::string application,
                                                              std::int64_t number);

/// The target that asks for nothing, for hosts that generation `number` is not for: what a rollback from that one might
/// start again stays there, stopped. 0: nothing stays.
awaitable<Result<std::shared_ptr<const Target>>> load_nothing(Parts& parts, std::string application,
                                                              std::int64_t number);

}  // namespace slipway::rollouts
