#include "orchestrator/rollouts/own_images.hpp"

#include <algorithm>

namespace slipway::rollouts {

std::vector<OwnImage> own_images(const std::map<std::string, std::string>& deployed,
                                 const std::vector<store::PushedImage>& pushes) {
  std::vector<OwnImage> own;
  for (const auto& [service, image] : deployed) {
    const auto reference = images::parse_reference(image);
    if (reference) own.push_back({reference->repository(), reference->digest, "built for service '" + service + "'"});
  }
  for (const store::PushedImage& push : pushes) {
    if (push.state == store::PushState::failed) continue;
    own.push_back({push.repository, push.digest, "pushed as image '" + push.image + "'"});
  }
  return own;
}

Result<void> check_not_own(const Service& service, const images::Reference& reference,
                           const std::vector<OwnImage>& own) {
  const auto same_repository = [&](const OwnImage& one) { return one.repository == reference.repository(); };
  const auto found = std::find_if(own.begin(), own.end(), same_repository);
  if (found == own.end()) return {};
  const bool tested = !reference.digest.empty() && std::any_of(own.begin(), own.end(), [&](const OwnImage& one) {
    return same_repository(one) && one.digest == reference.digest;
  });
  if (tested) return {};
  return fail(Error::Kind::invalid,
              "service '" + service.name + "' uses " + service.image + ", which this run " + found->what,
              "name it in the job's deploy.images: what was tested is what gets deployed");
}

}  // namespace slipway::rollouts
