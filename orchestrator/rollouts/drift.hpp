#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "docker-client/container.hpp"
#include "docker-client/container_spec.hpp"
#include "orchestrator/rollouts/difference.hpp"

/// What somebody changed on a host behind slipway's back. Pure.
namespace slipway::rollouts {

/// One container that is not as the promoted generation asks.
struct Drift {
  enum class Kind {
    missing,  ///< removed
    stopped,
    paused,
    renamed,
    foreign,  ///< runs another image than its labels say, or was made from another specification
    changed,  ///< limits, restart policy or networks are not those it was made with
    surplus,  ///< runs, and no promoted generation asks for it
  };
  Kind kind = Kind::missing;
  std::string service;
  std::string container;  ///< by the name it should have
  std::string what;       ///< in words
  friend bool operator==(const Drift&, const Drift&) = default;
};

std::string_view name_of(Drift::Kind kind);

/// What an inspect told of a container that runs and should.
struct Actual {
  std::string container;             ///< its name
  std::string digest;                ///< of the image it really runs; empty: the host does not know
  bool foreign = false;              ///< and that is not the one asked for
  std::vector<std::string> changes;  ///< in words
};

/// All of a host's drift, by name of container.
std::vector<Drift> drift_of(const Difference& difference, const std::vector<Actual>& actual);

/// Says of surplus containers which are of a generation above `newest`, the last that the store knows, that they are.
void tell_unknown(std::vector<Drift>& drift, const std::vector<Shown>& shown, std::int64_t newest);

/// What was changed on a running container since it was made from `asked`. Only what the Engine lets be changed there.
std::vector<std::string> changes_of(const docker::Container& there, const docker::ContainerSpec& asked);

/// One line; empty if there is no drift.
std::string summary_of(const std::vector<Drift>& drift);

}  // namespace slipway::rollouts
