#pragma once
#include <array>
#include <optional>
#include <string_view>

/// The words of a rollout: its stages, and those of each of its hosts. Stored and shown by these names.
namespace slipway::rollouts {

/// A rollout's own stage. `queued` waits behind another rollout of the same application; `planned` has seen the hosts;
/// `waiting` waits for people, or until enough hosts answer. The last seven are ends; after `failed`, hosts were left
/// as they are because the file says so, or another daemon works on them; `superseded` had not begun when a newer one
/// took its place, `rejected` when somebody said no, or nobody yes in time.
enum class Stage {
  queued,
  planned,
  waiting,
  pulling,
  migrating,
  batch,
  baking,
  finalizing,
  paused,
  rolling_back,
  succeeded,
  stopped,
  rolled_back,
  rollback_failed,
  failed,
  superseded,
  rejected,
};

/// What a host has behind it. Which one follows which depends on the Order: start-first stops the old containers last,
/// stop-first before the new ones start.
enum class HostStage {
  pending,
  pulled,
  created,
  started,
  healthy,
  attached,
  old_drained,
  old_stopped,
  committed,
};

/// Which of the two sets of containers on a host goes first.
enum class Order { start_first, stop_first };

/// Towards the generation that is rolled out, or back to the one that was there.
enum class Heading { forward, back };

/// As far as is known; `unknown` is neither: a host that does not answer.
enum class Health { unknown, healthy, unhealthy };

/// Where a rollout is that makes all hosts ready before it switches; `whole`: one that takes hosts in batches.
enum class Phase {
  whole,
  prepare,  ///< the new containers become healthy beside the old
  share,    ///< they get a part of the requests
  change,   ///< they get all requests, the old ones finish theirs
  finish,   ///< the old ones stop
};

/// When a hook runs on a host, in the order of a rollout that starts first.
enum class HookPoint {
  before_install,  ///< before the new containers are made
  after_install,   ///< they are made and have not started
  start,           ///< they run
  validate,        ///< they are healthy
  before_traffic,  ///< before they get requests
  after_traffic,   ///< they have all of them
  before_stop,     ///< before the old containers stop; they have no requests left
  after_stop,      ///< they have stopped
};

inline constexpr std::array hook_points{HookPoint::before_install, HookPoint::after_install,  HookPoint::start,
                                        HookPoint::validate,       HookPoint::before_traffic, HookPoint::after_traffic,
                                        HookPoint::before_stop,    HookPoint::after_stop};

enum class FailureAction { roll_back, pause, go_on };

/// What becomes of a rollout that is asked for while another one of its application waits or works.
enum class Concurrency {
  queue,      ///< it waits for its turn
  supersede,  ///< it takes the place of those that wait; one that works ends first
  refuse,     ///< it is not taken
};

/// Which of the hosts that were touched go back when a rollout fails by itself: `failed`, those that do not have the
/// new generation whole and well.
enum class BackScope { all, failed, none };

std::string_view name_of(Stage stage);
std::string_view name_of(HostStage stage);
std::string_view name_of(Order order);
std::string_view name_of(Heading heading);
std::string_view name_of(Health health);
std::string_view name_of(FailureAction action);
std::string_view name_of(BackScope scope);
std::string_view name_of(Concurrency concurrency);
std::string_view name_of(Phase phase);
std::string_view name_of(HookPoint point);

std::optional<Stage> stage_of(std::string_view name);
std::optional<HostStage> host_stage_of(std::string_view name);
std::optional<Health> health_of(std::string_view name);
std::optional<Phase> phase_of(std::string_view name);
/// What is not known is `all`.
BackScope back_scope_of(std::string_view name);

/// succeeded, stopped, rolled_back, rollback_failed, failed, superseded or rejected.
bool is_end(Stage stage);

/// Whether `stage` is at `other` or behind it in the sequence of `order`.
bool reaches(HostStage stage, HostStage other, Order order);

/// The stage of a host whose work a hook belongs to.
HostStage stage_of(HookPoint point);

/// The stage that comes after `stage` on a host. There is none after `committed`.
std::optional<HostStage> after(HostStage stage, Order order);

}  // namespace slipway::rollouts
