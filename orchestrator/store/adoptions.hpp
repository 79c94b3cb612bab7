#pragma once
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/rollouts.hpp"

namespace slipway::store {

/// An application that is known from its hosts alone.
struct AdoptedApplication {
  std::string name;
  ProjectId project;
  std::string fleet;                    ///< id that its containers are labelled with
  std::vector<Generation> generations;  ///< with their numbers, the promoted one last; all were promoted
  std::vector<Rollout> rollouts;        ///< one for each of them, in the same order
  std::vector<RolloutHost> hosts;       ///< of the last rollout
  std::int64_t newest_generation = 0;   ///< numbers up to it are taken
  std::int64_t newest_rollout = 0;      ///< likewise
  std::int64_t newest_fence = 0;        ///< of its leases: what it is from now on was taken over with all of them
};

/// Brings back what a lost store knew of applications.
class Adoptions {
 public:
  explicit Adoptions(Transaction& tx) : tx_(tx) {}

  /// Answers the last of its rollouts. Kind::conflict if the application has a promoted generation already, a rollout
  /// that has not ended or one of a generation of the same number, or belongs to another fleet than applications that
  /// are here.
  Result<RolloutId> add(AdoptedApplication application, Time at);

 private:
  Result<void> take_fleet(const std::string& fleet);
  Result<void> check_free(const AdoptedApplication& application);

  Transaction& tx_;
};

}  // namespace slipway::store
