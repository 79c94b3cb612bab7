#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/rollouts/behind.hpp"
#include "orchestrator/rollouts/driver.hpp"
#include "orchestrator/rollouts/generations.hpp"
#include "orchestrator/rollouts/hold.hpp"
#include "orchestrator/rollouts/host_lease.hpp"
#include "orchestrator/rollouts/inventory.hpp"
#include "orchestrator/rollouts/leftovers.hpp"
#include "orchestrator/rollouts/parts.hpp"
#include "orchestrator/rollouts/turn.hpp"

namespace slipway::rollouts {

struct Findings;

/// A rollout as a deploy job asks for it.
struct RolloutOrder {
  GenerationOrder generation;
  std::string job;  ///< with `generation.run` and `attempt` it names the rollout: asked for twice, it is one
  std::int64_t attempt = 1;
  std::string requested_by;
};

/// Which application to rebuild from its hosts.
struct AdoptionOrder {
  std::string application;
  std::string project;                     ///< by name; empty: the one that its record names
  std::optional<std::int64_t> generation;  ///< that is the promoted one, where the hosts leave that open
  std::string by;
};

/// Which project of Docker Compose becomes an application.
struct TakeoverOrder {
  std::string application;     ///< and the name of the project
  GenerationOrder generation;  ///< its file; images are found out
  std::string project;         ///< of slipway, by name
  std::string by;
};

struct Takeover {
  RolloutId rollout;
  std::vector<std::string> notes;  ///< which services the next deployment will replace, and why
};

/// All rollouts of this daemon: one at a time for each application, the others wait behind it in the order in which
/// they were asked for, unless the file's `concurrency` says otherwise. A deployment that waits for people lets pass
/// what is none. What it accepts is committed first; `recover` goes on with what an earlier process left. Who is
/// cancelled while he asks for something does not know whether it was accepted; it is not left half done.
class Rollouts {
 public:
  explicit Rollouts(Parts parts);

  /// Makes a new generation and queues its rollout. Kind::invalid for a Compose file that can't be (its hint lists all
  /// that is wrong), Kind::conflict when 16 rollouts of the application wait already, or one where that is to refuse
  /// it.
  awaitable<Result<RolloutId>> start(RolloutOrder order);
  /// To the generation that stands below the promoted one. A rollout that is in work is turned round instead.
  /// Kind::conflict where a contract migration ran since, unless `force`.
  awaitable<Result<RolloutId>> roll_back(std::string application, std::string by, bool force = false);
  /// The promoted generation once more: its file and its digests, its secrets as they are now. Containers that are as
  /// they should be stay, unless `recreate`. Kind::conflict if nothing is promoted.
  awaitable<Result<RolloutId>> redeploy(std::string application, bool recreate, std::string by);
  /// A wish about the rollout; committed when this returns. Kind::conflict says why it can't be had now. `why` is what
  /// made somebody ask who is no person: the rollout's reason and the audit trail have it.
  awaitable<Result<void>> ask(RolloutId id, Verb verb, std::string by, std::string why = {});
  /// The same about the application's rollout that is in work, which it answers.
  awaitable<Result<RolloutId>> ask_current(std::string application, Verb verb, std::string by);
  /// Looks at the hosts now, and records what somebody changed there since. Kind::conflict while a rollout of the
  /// application is in work.
  awaitable<Result<ApplicationStatus>> look_for_drift(std::string application);
  /// Makes an application, its promoted generation and those its hosts have kept from what they carry; nothing on a
  /// host is touched. Answers the rollout that stands for it in the history. Kind::conflict if it is known already, or
  /// says which host has what where they do not agree.
  awaitable<Result<RolloutId>> adopt(AdoptionOrder order);
  /// Makes an application of what Docker Compose runs on the hosts that the file names. Containers are renamed, and
  /// none is restarted; those that are what the file says stay at the next deployment, too. Kind::conflict if the
  /// application is known already, or says where what runs is not what the file asks for.
  awaitable<Result<Takeover>> take_over(TakeoverOrder order);
  /// Takes somebody's word on a deployment that waits for approval: the oldest one, or that of `generation`. Answers
  /// which one; committed when this returns. Kind::forbidden without the role, Kind::conflict if nothing waits.
  awaitable<Result<RolloutId>> take_word(std::string application, std::optional<std::int64_t> generation, Word word);
  /// Lets the oldest deployment that waits for its window begin outside of it. Kind::conflict if none does.
  awaitable<Result<RolloutId>> begin_outside_window(std::string application, std::string by);
  /// Until it has ended. `say` gets what is worth knowing, a line each, from the beginning. `waits` gets why it does
  /// not run yet, or for whose word it stands still, at once and when that changes; empty while it goes on.
  awaitable<Result<store::Rollout>> wait(RolloutId id, std::function<void(std::string)> say,
                                         std::function<void(std::string)> waits = {});

  /// Once, at the start of the daemon: goes on with every rollout that has not ended, and begins to bring hosts up to
  /// date that did not answer when their application was rolled out.
  awaitable<Result<void>> recover();
  /// Stops working where it is; the next process goes on. Must have returned before this object goes.
  awaitable<void> shut_down();

 private:
  struct Work {
    Work(RolloutId i, std::string a, const Executor& executor);
    void say(std::string line);
    RolloutId id;
    std::string application;
    bool deployment =
        false;  ///< what somebody asked to have on the hosts, against what brings them to what they should be
    std::int64_t fence = 0;         ///< of its newest lease, which an earlier process may have taken; 0: it has none
    bool running = false;           ///< leased, or about to be
    std::optional<Hold> hold;       ///< what it waits for before it may run
    std::string waits;              ///< why it does not run yet or stands still; empty: it goes on, or will at once
    std::deque<std::string> lines;  ///< the newest 2000
    std::size_t dropped = 0;        ///< lines before them
    bool complained = false;
    bool ended = false;
    std::vector<std::string> changed_hosts;  ///< see Driver::changed_to_the_end
    std::unique_ptr<Driver> driver;          ///< while it is in work
    asio::steady_timer changed;              ///< never expires; cancelled to wake who waits
  };
  using WorkPtr = std::shared_ptr<Work>;

  awaitable<Result<void>> end_idle(WorkPtr work, std::string by);
  awaitable<Result<RolloutId>> queue_up(std::function<Result<Turn>(store::Transaction&)> add);
  awaitable<Result<RolloutId>> settle_adoption(AdoptionOrder order, Findings findings);
  void enqueue(const store::Rollout& rollout);
  void line_up(const Turn& turn);
  void step_out(RolloutId id, const std::string& why);
  [[nodiscard]] Result<void> has_room(const std::string& application, Concurrency concurrency) const;
  awaitable<void> serve(std::string application);
  [[nodiscard]] WorkPtr next_of(const std::deque<WorkPtr>& queue) const;
  [[nodiscard]] bool held(const Work& work) const;
  [[nodiscard]] static WorkPtr oldest(const std::deque<WorkPtr>& queue);
  [[nodiscard]] WorkPtr current(const std::string& application) const;
  awaitable<void> until_moved();
  static awaitable<void> until_changed(WorkPtr work);
  awaitable<void> keep_hold(WorkPtr work);
  awaitable<Result<void>> look_at_hold(WorkPtr work);
  awaitable<Result<void>> end_hold(WorkPtr work);
  awaitable<Result<RolloutId>> settle_word(std::string application, std::optional<std::int64_t> generation, Word word);
  awaitable<Result<RolloutId>> settle_window(std::string application, std::string by);
  void stands(RolloutId id, const Hold& hold, const std::string& news);
  awaitable<Result<void>> run_one(WorkPtr work);
  awaitable<Result<std::int64_t>> take_lease(WorkPtr work, store::Rollout rollout, std::string holder);
  awaitable<Result<std::vector<HostMark>>> marks_on(std::string application, std::vector<std::string> hosts);
  awaitable<Result<std::int64_t>> fence_of_others(store::Rollout rollout);
  awaitable<Result<void>> still_ours(std::string application, std::vector<std::string> hosts, std::int64_t lease);
  awaitable<Result<void>> leave_to_others(WorkPtr work, store::Rollout rollout, Error why);
  awaitable<Result<Assignment>> assign(WorkPtr work, store::Rollout rollout);
  [[nodiscard]] Result<bool> check_routes(const Application& application, const std::vector<std::string>& hosts) const;
  [[nodiscard]] Result<std::set<std::string>> hosts_it_leaves(const Assignment& assignment) const;
  awaitable<Result<Assignment>> plan(WorkPtr work, Assignment assignment);
  awaitable<Result<Assignment>> plan_for_swarm(WorkPtr work, Assignment assignment);
  awaitable<Result<void>> give_up(store::Rollout rollout, std::int64_t fence, Error why);
  awaitable<Result<void>> end_unworked(store::Rollout rollout, std::int64_t fence, Stage stage, std::string reason);
  awaitable<std::vector<HostView>> look_at(std::vector<std::string> hosts, Whose whose);

  awaitable<void> tidy_up(std::string application, std::vector<std::string> hosts);
  awaitable<void> tidy_host(Place place, StillNeeded needed);

  void note_lost_hosts(const store::Rollout& rollout, const Progress& progress);
  void put_off(const std::string& application, const std::string& host, const std::string& why);
  awaitable<Result<void>> find_lost_hosts();
  awaitable<void> keep_catching_up();
  awaitable<void> catch_up(std::string application, std::string host);

  /// When an application's hosts are looked at next, and by which policy.
  struct Vigil {
    std::int64_t generation = 0;  ///< that the policy is of
    DriftPolicy policy;
    std::optional<std::chrono::steady_clock::time_point> next;
    bool looking = false;
  };
  awaitable<void> keep_vigil();
  awaitable<Result<void>> look_when_due(store::Application application);
  awaitable<void> keep_vigil_over(std::string application, DriftPolicy policy);
  awaitable<Result<void>> record_drift(std::string application, ApplicationStatus* status);
  awaitable<void> heal(std::string application, DriftPolicy policy, ApplicationStatus status);
  awaitable<void> set_aside(RolloutId id, std::shared_ptr<const Target> target, std::string host);

  awaitable<void> keep_routes();
  awaitable<Result<void>> mend_routes(std::string application);
  awaitable<void> mend_host(std::shared_ptr<const Target> target, std::string host);

  Parts parts_;
  std::map<RolloutId, WorkPtr> works_;
  std::map<std::string, std::deque<WorkPtr>> queues_;  ///< by application
  std::set<std::string> served_;                       ///< applications whose queue somebody works on
  HostsBehind behind_;
  std::map<std::string, Vigil> vigils_;                ///< by application
  std::map<std::string, std::string> route_troubles_;  ///< "application on host" → why its routes can't be mended
  asio::steady_timer moved_;  ///< never expires; cancelled when a queue or what waits in it has changed
  bool stops_ = false;        ///< nothing is begun any more that can as well be left
  Tasks tasks_;
};

}  // namespace slipway::rollouts
