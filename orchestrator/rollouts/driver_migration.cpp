// The program that runs once before any host is changed.
#include <algorithm>

#include "base/cancellation.hpp"
#include "base/log.hpp"
#include "orchestrator/rollouts/driver.hpp"

namespace slipway::rollouts {
namespace {

constexpr Milliseconds last_look{30'000};  // after its time, for a host that does not answer just then

}  // namespace

awaitable<void> Driver::migrate(Action action) {
  Event answer = event::MigrationFailed{"the daemon stopped working on it"};
  try {
    answer = co_await attempt_migration(action);
  } catch (const std::exception& bug) {
    if (is_cancellation(std::current_exception())) co_return;  // the next process goes on
    answer = event::MigrationFailed{bug.what()};
  }
  post(std::move(answer));
}

awaitable<Result<void>> Driver::run_alone(Once* once, Site site, OneShot what) {
  if (auto ours = co_await hold(site); !ours) co_return ours;
  co_return co_await once->run(std::move(what));
}

/// Whether that program was begun, or is about to be, and has not ended as far as is known.
bool Driver::may_run(const std::string& key) const {
  const auto note = journal_->noted(key);
  return note && !note->ended;
}

/// One that could be started only long after it was noted has its own time from then on.
Time Driver::end_of_migration(const Action& action, const std::string& key) const {
  const auto note = journal_->noted(key);
  return note ? std::max(action.deadline, note->until + last_look) : action.deadline;
}

/// Like a step of a host, but what becomes of it on a host that falls silent is not known, and nobody may begin it
/// anew.
awaitable<Event> Driver::attempt_migration(Action action) {
  auto site = site_of(action.host);
  if (!site) co_return event::MigrationFailed{site.error().message};
  const Migration& migration = *assignment_.forward->application.policy.migrate;
  HostWork work(*site, parts_.registries, parts_.pool, deadlines(), maker());
  Once once(*site, work, *journal_, deadlines(), maker(), assignment_.say);
  OneShot what;
  what.label = what.title = what.key = "migrate";
  what.service = migration.service;
  what.run = migration.run;
  what.timeout = migration.timeout;
  what.target = assignment_.forward;
  what.container = one_shot_name(what.label, 0);
  if (assignment_.say) assignment_.say("host " + action.host + ": the migration runs");
  Error last(Error::Kind::timeout, "there was no time for it");
  while (left(end_of_migration(action, what.key)).count() > 0) {
    auto race = first_of(run_alone(&once, *site, what), until_silent(action.host));
    auto first = co_await std::move(race);
    if (first.index() == 1) {
      co_return event::MigrationFailed{"the host does not answer, and what became of it is unknown: " +
                                       std::get<1>(first).message};
    }
    const Result<void>& ran = std::get<0>(first);
    if (ran) co_return event::Migrated{};
    last = ran.error();
    // What the Engine can't tell just now says nothing about a program that runs there.
    const bool asked_in_vain = last.kind == Error::Kind::internal && may_run(what.key);
    if (!last.transient() && !asked_in_vain) break;
    co_await sleep_for(retry_pause);
  }
  if (!ousted_.empty()) co_return event::Ousted{action.host, ousted_};
  if (may_run(what.key)) last.message += "; what became of it is unknown";
  co_return event::MigrationFailed{last.message};
}

}  // namespace slipway::rollouts
