#include "orchestrator/rollouts/carried_volumes.hpp"

#include <algorithm>

#include "orchestrator/rollouts/service_spec.hpp"

namespace slipway::rollouts {
namespace {

/// The Engine names a volume by 64 hexadecimal digits where nobody does. A carried one is asked for by that name.
bool is_anonymous(const docker::MountPoint& mount) {
  return mount.type == "volume" && mount.name.size() == 64 &&
         mount.name.find_first_not_of("0123456789abcdef") == std::string::npos && mount.target != secrets_folder;
}

/// Running before stopped, new before old.
bool is_nearer(const Shown& a, const Shown& b) {
  return a.running != b.running ? a.running : a.generation > b.generation;
}

const Shown* predecessor(const Wanted& wanted, const Difference& on_host) {
  const Shown* nearest = nullptr;
  for (const auto* group : {&on_host.right, &on_host.asleep, &on_host.surplus, &on_host.spent}) {
    for (const Shown& one : *group) {
      if (one.service != wanted.service || one.replica != wanted.replica || one.name == wanted.name) continue;
      if (nearest == nullptr || is_nearer(one, *nearest)) nearest = &one;
    }
  }
  return nearest;
}

}  // namespace

std::vector<AnonymousVolume> anonymous_volumes(const std::vector<docker::MountPoint>& mounts) {
  std::vector<AnonymousVolume> volumes;
  for (const docker::MountPoint& mount : mounts) {
    if (is_anonymous(mount)) volumes.push_back({mount.name, mount.target});
  }
  return volumes;
}

void carry_volumes(docker::ContainerSpec& spec, const Wanted& wanted, const Difference& on_host) {
  const Shown* before = predecessor(wanted, on_host);
  if (before == nullptr) return;
  for (const AnonymousVolume& volume : before->anonymous) {
    auto same = std::find_if(spec.mounts.begin(), spec.mounts.end(),
                             [&](const docker::Mount& mount) { return mount.target == volume.target; });
    if (same == spec.mounts.end()) {
      same = spec.mounts.insert(same, docker::Mount());
      same->target = volume.target;
    }
    if (same->type == docker::Mount::Type::volume && same->source.empty()) same->source = volume.name;
  }
}

}  // namespace slipway::rollouts
