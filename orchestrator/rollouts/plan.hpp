#pragma once
#include <string>
#include <vector>

#include "base/result.hpp"
#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/difference.hpp"
#include "orchestrator/rollouts/machine.hpp"

/// From what is wanted and what the hosts show to how a rollout goes. Pure.
namespace slipway::rollouts {

/// What one host of the group shows now.
struct HostView {
  std::string host;
  bool reachable = true;
  std::vector<Shown> containers;  ///< of this application, running or not
  bool leaves = false;            ///< the promoted generation is there, and the new one is not for it
  std::string gone = {};          ///< why nobody can ask it: the settings do not have it any more; empty: they do
};

struct PlanInput {
  Application application;
  Application previous_application;  ///< the promoted generation's; without services: there is none
  std::vector<Application> older;    ///< of further generations whose containers run on the hosts
  std::vector<Wanted> wanted;        ///< of the new generation
  std::vector<Wanted> previous;      ///< of the promoted one; empty: there is none
  std::vector<HostView> hosts;       ///< in the order of the settings
  bool rollback = false;  ///< to a generation that was promoted before: all at once, watched no longer than needed
  bool migrate = false;   ///< a new deployment: its migration has not run
  bool weighs = false;    ///< a proxy on the hosts divides the application's requests by weight
};

struct PlannedHost {
  std::string host;
  bool reachable = true;
  Health health = Health::unknown;                     ///< does it serve now
  std::vector<std::string> create, start, keep, stop;  ///< names of containers
  bool leaves = false;
  std::string gone = {};  ///< see HostView
};

struct Plan {
  Pace pace;
  std::vector<PlannedHost> hosts;  ///< in the order they are taken: those that don't serve first, those it leaves last
  std::vector<std::vector<std::string>> batches;  ///< as they come if nothing goes wrong
  std::vector<std::string> notes;  ///< for people: why stop-first, how shares were rounded, who does not answer
};

/// Kind::invalid if there is no host, if min_healthy can't be kept or the strategy not be had (the hint says what can),
/// Kind::conflict if a name is taken by a container of another spec.
Result<Plan> make_plan(const PlanInput& input);

/// The machine's first state for this plan.
Progress first_progress(const Plan& plan);

/// A share of `hosts`, percent rounded down, at least one, at most all. A number of 0 means all.
std::size_t batch_of(Share share, std::size_t hosts);
/// The first of them is at least one host, each further one more than the one before; those that would be all are left
/// out. For canary and linear over hosts.
std::vector<Step> host_steps(const Policy& policy, std::size_t hosts);
/// A share of `hosts`, percent rounded up, at most all. Hosts that the new generation is not for do not count.
std::size_t min_healthy_of(Share share, std::size_t hosts);

}  // namespace slipway::rollouts
