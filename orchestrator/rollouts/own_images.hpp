#pragma once
#include <map>
#include <string>
#include <vector>

#include "images/reference.hpp"
#include "orchestrator/rollouts/compose/service.hpp"
#include "orchestrator/store/images.hpp"

namespace slipway::rollouts {

/// An image that the run built which wants the rollout.
struct OwnImage {
  std::string repository;
  std::string digest;  ///< empty: it is on its way there
  std::string what;    ///< "pushed as image 'app'"
};

/// Those of `deploy.images` (service → "repository@digest") and all others that the run has pushed or is pushing.
std::vector<OwnImage> own_images(const std::map<std::string, std::string>& deployed,
                                 const std::vector<store::PushedImage>& pushes);

/// Kind::invalid: `reference`, which the service has for an image that is not in `deploy.images`, is in a repository of
/// the run's own, so it would go round the tests. By the digest of what the run pushed there it is what was tested.
Result<void> check_not_own(const Service& service, const images::Reference& reference,
                           const std::vector<OwnImage>& own);

}  // namespace slipway::rollouts
