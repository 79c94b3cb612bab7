#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "orchestrator/rollouts/generation.hpp"

namespace slipway::rollouts {

/// A generation made ready to be brought to hosts. One without releases asks for nothing: the way back of a first
/// rollout.
struct Target {
  GenerationSpec spec;
  Application application;
  std::vector<Wanted> wanted;
  std::map<std::string, Secret> secrets;    ///< by FileSource::key, with those that are no secret too
  std::map<std::string, std::string> lost;  ///< likewise those whose content can't be had, and why
  std::set<std::string> unchanged;  ///< services whose secrets and configs are as their containers were made with
  std::vector<std::int64_t> kept;   ///< whose stopped containers stay
  std::string record;               ///< for what is made for it; empty: there can't be one
  std::string no_record;            ///< and why

  [[nodiscard]] const Service* service(const std::string& name) const;
  /// Whether the generation belongs on `host`; one that asks for nothing belongs on any.
  [[nodiscard]] bool is_for(const std::string& host) const;
};

/// Services so that each comes after those it depends on; the decoder has refused circles.
std::vector<const Service*> in_start_order(const Application& application);

}  // namespace slipway::rollouts
