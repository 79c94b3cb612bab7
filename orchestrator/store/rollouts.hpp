#pragma once
#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

/// Bringing one generation of an application to its hosts. `state` and the hosts' states are the words of
/// orchestrator/rollouts, kept as they are; `ended` says which of them are final.
struct Rollout {
  RolloutId id;
  std::string application;
  std::int64_t generation = 0;
  RunId run;  ///< 0: asked for by a person
  std::string job;
  std::int64_t attempt = 1;  ///< of the job
  std::string kind = "deploy";
  std::string state = "queued";
  bool ended = false;
  std::string reason;
  std::string plan = "{}";
  std::string progress = "{}";
  std::int64_t fence = 0;       ///< 0: holds no lease yet
  std::string evidence = "{}";  ///< JSON: what its images were built from and passed, as it was then
  std::string requested_by;
  Time created{};
  std::optional<Time> finished;
};

struct RolloutHost {
  RolloutId rollout;
  std::string host;
  std::int64_t batch = 0;
  std::string state = "pending";
  std::string old_containers = "[]";
  std::string new_containers = "[]";
  std::string digest;
  std::string detail;
  Time updated{};
};

/// A host that does not have what its application should have there.
struct HostLeftBehind {
  std::string application;
  std::string host;
};

/// Where a rollout stands, saved as one.
struct RolloutProgress {
  RolloutProgress() = default;
  std::string state;
  bool ended = false;
  std::string reason;
  std::string progress = "{}";
  std::vector<RolloutHost> hosts;  ///< those that changed
  Time at{};
};

/// One rollout of an application works at a time: the one that holds the lease. Each lease has a higher fence than all
/// before it, and nothing is saved under an older one.
class Rollouts {
 public:
  explicit Rollouts(Transaction& tx) : tx_(tx) {}

  /// Queued, or waiting if `rollout.state` says so. A second for the same run, job and attempt is Kind::conflict.
  Result<RolloutId> add(Rollout rollout);
  /// Takes the lease and answers its fence. Kind::conflict while another rollout of the application is in work, or an
  /// older one has not ended. Deployments that have not begun are in the way of deployments only: one may wait for
  /// people for days, and a host that fell behind should not. One that holds it gets a new fence: after a restart, what
  /// the old process still does is refused.
  Result<std::int64_t> lease(RolloutId id, Time at) { return lease_above(id, 0, {}, at); }
  /// The same with a fence that is also higher than `least`, which another daemon has used. `holder` is remembered.
  Result<std::int64_t> lease_above(RolloutId id, std::int64_t least, std::string holder, Time at);
  /// Kind::conflict if `fence` is not that of the newest lease, or the rollout has ended.
  Result<void> save(RolloutId id, std::int64_t fence, RolloutProgress progress);
  /// Where one stands that has not begun: queued, or waiting for something other than its turn. Kind::conflict if it
  /// has begun or ended.
  Result<void> save_waiting(RolloutId id, RolloutProgress progress);
  /// Ends one that has not begun.
  Result<void> end_queued(RolloutId id, std::string state, std::string reason, Time at);

  Result<Rollout> get(RolloutId id) const;
  Result<Rollout> find(RunId run, std::string job, std::int64_t attempt) const;
  Result<std::vector<RolloutHost>> hosts(RolloutId id) const;
  /// Who held the application's lease of that number; empty: there was none, or it is not known any more.
  Result<std::string> holder_of(std::string application, std::int64_t fence) const;
  /// The newest that has ended and says what `host` has: it worked on it, or succeeded without. Those of slipway's own
  /// (heal, catch_up) that were in vain say nothing. Kind::not_found if there is none.
  Result<Rollout> last_on(std::string application, std::string host) const;
  /// Those of which the newest rollout that worked on them knows nothing in the end (unknown), or was to catch them up
  /// and could not, or that were to be left and were not (stays). One that ended before it came to a host that answered
  /// has not worked on it. Of all applications if the name is empty.
  Result<std::vector<HostLeftBehind>> left_behind(std::string application = {}) const;
  /// The generation that `host` had when a rollout last came to its end there. 0: none, or it is not known.
  Result<std::int64_t> generation_on(std::string application, std::string host) const;
  /// Newest first, at most 200; of all applications if the name is empty.
  Result<std::vector<Rollout>> list(std::string application, std::size_t limit) const;
  /// Likewise without those that slipway made by itself (heal, catch_up), however many there are.
  Result<std::vector<Rollout>> asked_for(std::string application, std::size_t limit) const;
  /// Of those, the ones that succeeded.
  Result<std::vector<Rollout>> standing(std::string application, std::size_t limit) const;
  /// All that have not ended, oldest first; of all applications if the name is empty.
  Result<std::vector<Rollout>> open(std::string application = {}) const;

 private:
  void save_host(RolloutId id, const RolloutHost& host, std::int64_t fence);
  void note(RolloutId id, Time at, std::string what, const std::string& detail, std::int64_t fence = 0,
            const std::string& host = {});

  Transaction& tx_;
};

}  // namespace slipway::store
