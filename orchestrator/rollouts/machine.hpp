#pragma once
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "orchestrator/rollouts/stages.hpp"

/// What a rollout does next, decided without touching anything: events in, actions out. The driver performs the
/// actions, feeds back what it saw, and stores Progress before and after each of them.
namespace slipway::rollouts {

/// A step of a canary: what has the new generation when it has been taken, and what follows.
struct Step {
  std::size_t hosts = 0;  ///< so many, where hosts are taken one after another
  unsigned weight = 0;    ///< percent of the requests on every host, where all of them are made ready first
  Milliseconds bake{0};
  bool wait = false;  ///< for a person's word
  friend bool operator==(const Step&, const Step&) = default;
};

/// How fast, how careful. Made by the plan and kept with the rollout.
struct Pace {
  Order order = Order::start_first;
  std::size_t batch_size = 1;    ///< hosts in work at the same time, at least 1
  std::vector<Step> steps;       ///< growing; what is left follows the last. Empty: batches as large as batch_size
  bool together = false;         ///< all hosts are made ready, then all are switched; needs start-first
  bool ask_to_switch = false;    ///< together: only at a person's word
  Milliseconds bake{0};          ///< together: between the switch and the stop of the old
  std::size_t min_healthy = 0;   ///< hosts that must serve throughout; a host that does not answer does not serve.
                                 ///< In the end it is those that the new generation is for
  double max_failure_ratio = 0;  ///< of all hosts; more failed hosts than that are the rollout's failure
  FailureAction on_failure = FailureAction::roll_back;
  BackScope scope = BackScope::all;                   ///< of a way back that nobody asked for
  FailureAction on_alarm = FailureAction::roll_back;  ///< or pause
  Milliseconds deadline{0};                           ///< for the rollout as a whole, from when it began; 0: none
  std::map<HostStage, Milliseconds> hook_times;       ///< that hooks may take beyond a step's own deadline
  bool migrates = false;                              ///< a migration runs once before any host is changed
  bool contract = false;                              ///< and takes away what generations before this one may need
  Milliseconds migrate_deadline{600'000};
  bool may_roll_back = true;              ///< false for a rollback: one that fails is not rolled back again
  bool has_previous = true;               ///< false: there is no promoted generation, back means to nothing
  Milliseconds delay{0};                  ///< between batches
  Milliseconds monitor{0};                ///< after each batch: its hosts must stay healthy so long
  Milliseconds step_deadline{60'000};     ///< for one step on one host, those below aside
  Milliseconds pull_deadline{600'000};    ///< for the pull on one host
  Milliseconds health_deadline{120'000};  ///< from started to healthy
  Milliseconds stop_deadline{60'000};     ///< for draining and stopping either generation, its grace period included
  Milliseconds wait_deadline{300'000};    ///< for enough hosts to answer
};

struct HostProgress {
  std::string host;
  HostStage stage = HostStage::pending;  ///< reached, towards `heading`
  Heading heading = Heading::forward;
  std::optional<HostStage> reaching;  ///< the step in work
  std::optional<Time> deadline;       ///< of the step in work
  Health health = Health::unknown;    ///< whether this host serves, whichever generation
  std::size_t batch = 0;              ///< counted from 1; 0: not begun
  bool leaves = false;                ///< the new generation is not for it: it is emptied when the others have that
  bool failed = false;                ///< the new generation did not work out here
  bool lost = false;                  ///< did not answer until a deadline passed; what it runs is unknown
  bool restore_failed = false;        ///< the way back did not work out either
  std::string reason;                 ///< why failed or lost
};

/// All that must be kept to go on after a restart.
struct Progress {
  Stage stage = Stage::planned;
  std::size_t batch = 0;
  Phase phase = Phase::whole;
  std::size_t step = 0;   ///< of Pace::steps, while requests are shared
  bool waits = false;     ///< baking goes on until somebody promotes it
  std::size_t floor = 0;  ///< hosts that served when it began, if fewer than min_healthy: it can't ask for more
  bool pause_asked = false;
  bool stop_asked = false;
  bool hurry = false;                ///< no more delays and baking: somebody has seen enough
  std::string migrator;              ///< the host of the migration, once that was begun
  BackScope scope = BackScope::all;  ///< of the way back, once it goes back
  bool turn_round = false;           ///< goes back when the migration has ended
  std::optional<Time> deadline;      ///< of the rollout as a whole
  std::optional<Time> until;         ///< the end of waiting or baking
  std::string reason;                ///< why it failed, is paused or stopped; one line
  std::vector<HostProgress> hosts;   ///< in the order they are taken
};

/// A person's wish. `promote` ends the pause or the baking it is in; `promote_all` also leaves out those to come.
enum class Verb { pause, resume, stop, roll_back, promote, promote_all };
/// Whose word it stands still for, and how that is given, as "waits to be promoted: …"; empty if it does not.
std::string awaited_word(const Progress& progress, const std::string& application);

/// "pause", "resume", …: for people and the audit trail.
std::string_view name_of(Verb verb);

namespace event {
struct Begun {};  ///< the plan is committed and the application is ours
struct Reached {
  std::string host;
  HostStage stage;
};
struct Failed {
  std::string host;
  std::string reason;
};
struct Lost {
  std::string host;
  std::string reason;
};
struct Cancelled {
  std::string host;
};
struct Answers {
  std::string host;
};
struct Seen {
  std::string host;
  Health health;
  std::string reason;
};
struct TimeUp {};
struct PastDeadline {};
struct Alarm {  ///< not of one host: a metric, a request that a probe lost
  std::string what;
};
struct Migrated {};
struct MigrationFailed {
  std::string reason;
};
struct Ousted {  ///< another daemon has taken the application over: nothing more may be done on any host
  std::string host;
  std::string reason;
};
struct Asked {
  Verb verb;
  std::string by;
  std::string why = {};  ///< what made it ask, if it is no person
};
}  // namespace event

using Event = std::variant<event::Begun, event::Reached, event::Failed, event::Lost, event::Cancelled, event::Answers,
                           event::Seen, event::TimeUp, event::PastDeadline, event::Alarm, event::Migrated,
                           event::MigrationFailed, event::Ousted, event::Asked>;

struct Action {
  enum class Kind {
    reach,    ///< bring `host` to `stage` towards `heading` before `deadline`; answer Reached, Failed or Lost
    cancel,   ///< end the step in work on `host`; answer Cancelled, unless the step's own answer came first
    watch,    ///< answer Seen as the health of updated hosts changes, and TimeUp at `deadline`
    wait,     ///< answer Answers for each lost host that answers, and TimeUp at `deadline`
    migrate,  ///< run the migration on `host` before `deadline`; answer Migrated or MigrationFailed
    limit,    ///< answer PastDeadline at `deadline`, whatever happens until then
    promote,  ///< the new generation is the application's
  };
  Kind kind = Kind::reach;
  std::string host;
  HostStage stage = HostStage::pending;
  Heading heading = Heading::forward;
  Time deadline{};
  unsigned weight = 100;  ///< of `attached`: percent of the requests that the new containers get
};

/// A value: no I/O, no clock, no threads.
class Machine {
 public:
  Machine(Pace pace, Progress progress) : pace_(std::move(pace)), progress_(std::move(progress)) {}

  /// An event that the stage has no use for changes nothing and asks for nothing.
  std::vector<Action> on(const Event& event, Time now);
  /// After a restart: what was in work, asked for again. Every step can be repeated.
  std::vector<Action> again(Time now);
  /// Why a person's wish makes no sense now, for that person; empty if it does.
  [[nodiscard]] std::string refusal(Verb verb) const;
  [[nodiscard]] bool accepts(Verb verb) const { return refusal(verb).empty(); }

  [[nodiscard]] const Progress& progress() const { return progress_; }
  [[nodiscard]] const Pace& pace() const { return pace_; }

 private:
  void take(const event::Begun& begun);
  void take(const event::Reached& reached);
  void take(const event::Failed& failed);
  void take(const event::Lost& lost);
  void take(const event::Cancelled& cancelled);
  void take(const event::Answers& answers);
  void take(const event::Seen& seen);
  void take(const event::TimeUp& up);
  void take(const event::PastDeadline& past);
  void take(const event::Alarm& alarm);
  void take(const event::Migrated& migrated);
  void take(const event::MigrationFailed& failed);
  void take(const event::Ousted& ousted);
  void take(const event::Asked& asked);

  void advance();
  void advance_once();
  void after_waiting();
  void after_pulling();
  void begin_migration();
  void after_batch();
  void after_baking();
  void next_batch();
  void begin_batch(const std::vector<HostProgress*>& chosen);
  std::vector<HostProgress*> choose();
  void leave_hosts();
  std::vector<HostProgress*> choose_leaving();
  [[nodiscard]] bool others_have_it() const;
  [[nodiscard]] std::size_t room() const;
  void next_phase();
  void begin_phase(Phase phase);
  void rest(const Step& pause);
  [[nodiscard]] Step rest_after_batch() const;
  [[nodiscard]] Step rest_after_phase() const;
  [[nodiscard]] std::size_t taken() const;
  [[nodiscard]] bool at_goal(const HostProgress& host) const;
  void finalize();
  void end(Stage stage);
  void stop();
  void promote();
  void go_back();
  void end_of_way_back();

  void reach(HostProgress& host, HostStage stage);
  void begin_back(HostProgress& host);
  void host_failed(HostProgress& host, const std::string& reason);
  void too_few_serve(const std::string& reason);
  void roll_back(const std::string& reason, BackScope scope);
  [[nodiscard]] bool stays(const HostProgress& host) const;

  [[nodiscard]] HostProgress* find(const std::string& host);
  [[nodiscard]] bool can_turn_round() const;
  [[nodiscard]] bool any_busy() const;
  [[nodiscard]] bool done(const HostProgress& host) const;
  [[nodiscard]] std::size_t serving() const;
  [[nodiscard]] std::size_t serving_targets() const;
  [[nodiscard]] Health health_when_ready(const HostProgress& host) const;
  [[nodiscard]] std::size_t spare() const;
  [[nodiscard]] bool takes_down(const HostProgress& host) const;
  [[nodiscard]] Milliseconds limit_of(HostStage stage, Heading heading) const;
  [[nodiscard]] Milliseconds hook_time_of(HostStage stage) const;
  [[nodiscard]] Milliseconds own_limit_of(HostStage stage, Heading heading) const;
  [[nodiscard]] unsigned weight_of(const HostProgress& host) const;

  Pace pace_;
  Progress progress_;
  std::vector<Action> actions_;
  Time now_{};
};

}  // namespace slipway::rollouts
