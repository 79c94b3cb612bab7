#pragma once
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "docker-client/containers.hpp"
#include "docker-client/images.hpp"

namespace slipway::images {

/// Which of the images we built stay on an Engine.
struct RetentionPolicy {
  RetentionPolicy() = default;
  std::size_t keep = 5;                         ///< newest of each group
  Milliseconds grace = std::chrono::hours(24);  ///< younger ones stay anyway
  std::string instance_label;                   ///< label that marks ours …
  std::string instance;                         ///< … and its value; images without it are never touched
  std::vector<std::string> group_labels;        ///< images with the same values are one group (the pipeline's image)
};

struct RetentionPlan {
  RetentionPlan() = default;
  struct Removal {
    Removal() = default;
    std::string id;
    std::vector<std::string> names;  ///< tags and digests it has; they go with it
    std::vector<std::string> group;  ///< the values of its group's labels
  };
  std::vector<Removal> removals;  ///< oldest first
};

/// Pure. `in_use` are ids of images that containers are made of; `wanted` ids that unfinished runs refer to.
RetentionPlan plan_retention(const std::vector<docker::ImageSummary>& images, const std::set<std::string>& in_use,
                             const std::set<std::string>& wanted, const RetentionPolicy& policy, Time now);

struct RetentionOutcome {
  RetentionOutcome() = default;
  std::size_t removed = 0;
  std::size_t kept_in_use = 0;  ///< a container took it in the meantime, or `may_go` held it back
};

/// Lists, plans and removes on one Engine. Never forces: what came into use since stays. Stops at the first failure
/// that is not about one image. `may_go`, if set, is asked right before each.
awaitable<Result<RetentionOutcome>> apply_retention(docker::Images& images, docker::Containers& containers,
                                                    std::set<std::string> wanted, RetentionPolicy policy, Time now,
                                                    std::function<bool(const RetentionPlan::Removal&)> may_go = {});

}  // namespace slipway::images
