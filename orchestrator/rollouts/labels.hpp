#pragma once
#include <map>
#include <string>
#include <string_view>

/// What is written on every container, network and volume of an application. Public: people filter by them, and the
/// state of a rollout can be told from them alone.
namespace slipway::rollouts::label {

inline constexpr std::string_view prefix = "dev.slipway.";
inline constexpr std::string_view instance = "dev.slipway.instance";
inline constexpr std::string_view run = "dev.slipway.run";  ///< on a step's or a service's
inline constexpr std::string_view application = "dev.slipway.application";
inline constexpr std::string_view service = "dev.slipway.service";
inline constexpr std::string_view replica = "dev.slipway.replica";
inline constexpr std::string_view generation = "dev.slipway.generation";
inline constexpr std::string_view spec_hash = "dev.slipway.spec-hash";
inline constexpr std::string_view rollout = "dev.slipway.rollout";
inline constexpr std::string_view digest = "dev.slipway.digest";
/// Of the generation that it was made for: from this an application is adopted. Also on a volume, where none of a
/// host's containers carries it.
inline constexpr std::string_view record = "dev.slipway.record";
/// On the container of a hook or migration: which. It serves nothing and is gone with it.
inline constexpr std::string_view hook = "dev.slipway.hook";
/// On what slipway keeps on a host for all applications: the kind of proxy.
inline constexpr std::string_view proxy = "dev.slipway.proxy";

/// On a volume without content: the application whose lease it stands for, the lease's number, and who holds it.
inline constexpr std::string_view lease = "dev.slipway.lease";
inline constexpr std::string_view fence = "dev.slipway.fence";
inline constexpr std::string_view holder = "dev.slipway.holder";

/// Docker Compose's own, on what it made: its project, the service, the number among that service's containers, and
/// whether it is one of `docker compose run`'s ("True").
inline constexpr std::string_view compose_project = "com.docker.compose.project";
inline constexpr std::string_view compose_service = "com.docker.compose.service";
inline constexpr std::string_view compose_number = "com.docker.compose.container-number";
inline constexpr std::string_view compose_oneoff = "com.docker.compose.oneoff";

}  // namespace slipway::rollouts::label

namespace slipway::rollouts {

/// The value of that label; empty if it is not there.
inline std::string label_of(const std::map<std::string, std::string>& labels, std::string_view key) {
  const auto found = labels.find(std::string(key));
  return found == labels.end() ? std::string() : found->second;
}

}  // namespace slipway::rollouts
