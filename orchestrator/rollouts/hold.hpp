#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/store/rollouts.hpp"

/// What a deployment waits for before anything is done for it. Decided without touching anything.
namespace slipway::rollouts {

/// What somebody says about a deployment that waits.
struct Word {
  std::string by;                  ///< the token's name
  std::vector<std::string> roles;  ///< all that it has
  bool reject = false;
  std::string reason;  ///< may be empty
};

struct Approval {
  std::string by;
  std::string role;  ///< by which it counts
  Time at{};
  std::string reason;
};

/// Kept with the rollout until that begins; a value.
struct Hold {
  std::optional<ApprovalPolicy> approval;
  std::string asked_by;       ///< whose word alone is not enough where it has to be another's
  std::optional<Time> until;  ///< for the approval; by the clock of the deadlines
  Time until_shown{};         ///< the same for people
  std::vector<Approval> approvals;
  std::vector<Window> windows;
  std::string overridden_by;  ///< who let it begin outside of them; empty: nobody

  [[nodiscard]] bool approved() const;
  [[nodiscard]] bool in_window(Time now) const;
  [[nodiscard]] bool passed(Time now) const { return approved() && in_window(now); }
  /// "approval by maintainer until 2026-11-28 14:30 UTC", then "the window: opens Mon 30 Nov 09:00 CET"; empty if it
  /// has passed.
  [[nodiscard]] std::string waits_for(Time now) const;
  /// Kind::forbidden without one of the roles, Kind::conflict if that person has spoken already or nothing is missing.
  Result<void> approve(const Word& word, Time now);
  /// The same role is needed to say no.
  [[nodiscard]] Result<void> may_speak(const Word& word) const;
  /// Why it ends when the time is over.
  [[nodiscard]] std::string too_late() const;
};

Json hold_json(const Hold& hold);
Hold hold_from(const Json& json);

/// That of a rollout which has not begun; nothing if there is nothing that it could have to wait for.
std::optional<Hold> hold_of(const store::Rollout& rollout);

/// Makes a rollout that is about to be added wait as its file's policy says. `now` is the wall clock's, `present` that
/// of the deadlines.
void hold_back(store::Rollout& rollout, const Policy& policy, std::string asked_by, Time now, Time present);

/// Writes where `hold` stands into a stored rollout that has not begun.
Result<void> save_hold(store::Transaction& tx, RolloutId id, const Hold& hold, Time now);

}  // namespace slipway::rollouts
