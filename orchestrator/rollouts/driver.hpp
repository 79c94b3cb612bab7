#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.hpp"
#include "base/json.hpp"
#include "orchestrator/rollouts/host_lease.hpp"
#include "orchestrator/rollouts/host_work.hpp"
#include "orchestrator/rollouts/machine.hpp"
#include "orchestrator/rollouts/metric_alarm.hpp"
#include "orchestrator/rollouts/once.hpp"
#include "orchestrator/rollouts/parts.hpp"
#include "orchestrator/rollouts/plan.hpp"
#include "orchestrator/rollouts/prober.hpp"
#include "orchestrator/rollouts/target.hpp"
#include "orchestrator/store/audit.hpp"
#include "orchestrator/store/rollouts.hpp"

namespace slipway::rollouts {

constexpr Milliseconds retry_pause{1000};  ///< before a host, a registry or the store is tried again
constexpr Milliseconds ping_limit{3000};   ///< for a host to say that it is there

/// What a driver works on.
struct Assignment {
  store::Rollout rollout;
  std::int64_t fence = 0;
  std::string holder;  ///< tells this lease from that of another daemon with the same number
  Plan plan;
  Progress progress;
  OnceNotes notes;                              ///< of hooks and migrations
  ProbeLog probes;                              ///< what an earlier process counted
  bool resumed = false;                         ///< the progress was stored by another process
  std::shared_ptr<const Target> forward, back;  ///< the new generation, and the one that was there
  std::shared_ptr<const Target> nothing;        ///< for hosts that one of them is not for
  std::function<void(std::string)> say;         ///< one line for whoever watches
  std::function<void(std::string)> waits;       ///< gets for whose word it stands still, empty when it goes on
};

/// Carries one rollout out: performs what its Machine asks for and commits where it stands before and after. Borrows
/// `parts`. Cancelling `run` stops the work where it is, the journal knows how to go on.
class Driver {
 public:
  Driver(Parts& parts, Assignment assignment);

  /// Until the rollout has ended. Kind::conflict: somebody else holds the lease now.
  awaitable<Result<void>> run();
  /// A person's wish; returns when it is committed, with a line in the audit trail. Kind::conflict says why it can't be
  /// had now. `why` is told beside who it was.
  awaitable<Result<void>> ask(Verb verb, std::string by, std::string why = {});
  [[nodiscard]] const Progress& progress() const { return machine_.progress(); }
  /// Of a rollout that has succeeded: hosts that are as it wants them, and on which something had to be done for that.
  [[nodiscard]] std::vector<std::string> changed_to_the_end() const;

 private:
  struct Wish {
    Wish(const Executor& executor, Verb v, std::string who, std::string reason)
        : verb(v),
          by(std::move(who)),
          why(std::move(reason)),
          settled(executor, asio::steady_timer::time_point::max()) {}
    void settle(Result<void> with);
    Verb verb;
    std::string by, why;
    std::optional<Result<void>> outcome;
    asio::steady_timer settled;  ///< never expires; cancelled to wake who asked
  };
  using Wishes = std::deque<std::shared_ptr<Wish>>;

  awaitable<Result<void>> work();
  awaitable<Result<void>> commit(bool promote);
  void take_events(std::vector<Action>& actions);
  void take_wishes(std::vector<Action>& actions);
  static void settle(Wishes& wishes, const Result<void>& with);
  [[nodiscard]] std::vector<store::AuditEntry> audit_of(const Wishes& wishes) const;
  void perform(const std::vector<Action>& actions);
  void perform(const Action& action);
  void drop_stale_watches();

  awaitable<void> step(Action action);
  /// What a step can say about itself when it has not worked out.
  struct StepReport {
    std::function<std::string()> evidence, why_not;
  };
  awaitable<Event> attempt(Action action);
  awaitable<Event> persist(Action action, std::function<awaitable<Result<void>>()> step, StepReport report);
  awaitable<Event> keep_trying(Action action, std::function<awaitable<Result<void>>()> step, StepReport report);
  [[nodiscard]] bool is_swarm(const std::string& host) const;
  awaitable<Event> attempt_on_swarm(Action action);
  awaitable<void> watch_swarm(std::string host, Time until);
  awaitable<Error> until_silent(std::string host);
  awaitable<Event> past_deadline(Action action, Error last, std::string why_not);
  awaitable<Result<void>> ping(std::string host);
  awaitable<void> watch_all(Time until);
  awaitable<void> watch_host(std::string host, Time until);
  awaitable<void> wait_for_host(std::string host, Time until);
  awaitable<void> timer(Time until);

  class Notes;
  [[nodiscard]] std::unique_ptr<OnceJournal> make_journal();
  [[nodiscard]] bool has_hooks(const Action& action) const;
  [[nodiscard]] std::shared_ptr<const Target> target_of(const std::string& host, Heading heading) const;
  [[nodiscard]] bool leaves_one_shots() const;
  [[nodiscard]] std::string one_shot_name(const std::string& what, std::size_t index) const;
  awaitable<Result<void>> reach(HostWork* work, Site site, Action action);
  awaitable<Result<void>> run_hooks(Once* once, std::string host, std::vector<HookPoint> points);
  awaitable<Result<void>> run_hook(Once* once, std::string host, HookPoint point, std::size_t index);
  awaitable<Result<void>> hold(Site site);
  awaitable<Result<void>> run_alone(Once* once, Site site, OneShot what);
  awaitable<void> migrate(Action action);
  awaitable<Event> attempt_migration(Action action);
  [[nodiscard]] bool may_run(const std::string& key) const;
  [[nodiscard]] Time end_of_migration(const Action& action, const std::string& key) const;

  void watch_metrics();
  awaitable<void> watch_metric(MetricGate metric);
  awaitable<Result<std::vector<MetricSample>>> ask_metric(MetricGate metric);
  void raise(const std::string& what);
  awaitable<void> limit(Time until);

  [[nodiscard]] std::unique_ptr<Prober> make_prober();
  awaitable<bool> host_answers(std::string host);
  awaitable<void> settle_probes(Action action);
  void note_probes(store::RolloutProgress& row, Json& progress) const;

  void post(Event event);
  awaitable<void> wait_for_event();
  void tell(const Progress& before);
  [[nodiscard]] std::vector<std::string> mended_hosts() const;
  [[nodiscard]] std::vector<store::RolloutHost> changed_hosts();
  [[nodiscard]] Result<Site> site_of(const std::string& host);
  [[nodiscard]] bool asks_for_nothing() const;
  [[nodiscard]] Milliseconds left(Time until) const;
  [[nodiscard]] const Clock& deadlines() const;
  [[nodiscard]] Time present() const;
  [[nodiscard]] Maker maker() const;

  Parts& parts_;
  Assignment assignment_;
  Machine machine_;
  std::deque<Event> events_;
  Wishes wishes_;   ///< not looked at yet
  Wishes granted_;  ///< taken, and in the next commit
  bool finished_ = false;
  asio::steady_timer awake_;
  std::map<std::string, std::unique_ptr<Tasks>> steps_;  ///< by host
  std::unique_ptr<Tasks> watches_;                       ///< of the stage it is in
  std::unique_ptr<Tasks> standing_;                      ///< from beginning to end
  std::unique_ptr<Prober> prober_;
  std::unique_ptr<OnceJournal> journal_;
  std::uint64_t notes_made_ = 0;
  std::uint64_t notes_kept_ = 0;                 ///< of those, committed
  asio::steady_timer kept_;                      ///< never expires; cancelled to wake who waits for a note
  std::string ousted_;                           ///< why it may not go on; empty: nobody else has a newer lease
  std::map<std::string, std::string> evidence_;  ///< by host
  std::map<std::string, std::string> saved_;     ///< by host: the row as it was last committed
};

}  // namespace slipway::rollouts
