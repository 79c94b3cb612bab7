// Deployments that wait for people, or for their window, before anything is done for them.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/log.hpp"
#include "orchestrator/rollouts/rollouts.hpp"
#include "orchestrator/rollouts/window.hpp"
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/audit.hpp"

namespace slipway::rollouts {
namespace {

constexpr Milliseconds clock_interval{5'000};  // whether the time is over: the clock may have been moved meanwhile
constexpr Milliseconds shortest_nap{50};

struct Waiting {
  store::Rollout rollout;
  Hold hold;
};

/// The oldest that waits for an approval, or the one of `generation`.
Result<Waiting> find_waiting(store::Transaction& tx, const std::string& application,
                             std::optional<std::int64_t> generation) {
  if (const auto known = store::Applications(tx).get(application); !known) return fail(known.error());
  const auto open = store::Rollouts(tx).open(application);
  if (!open) return fail(open.error());
  std::string others;
  for (const store::Rollout& rollout : *open) {
    const auto hold = hold_of(rollout);
    if (!hold || hold->approved()) continue;
    if (!generation || rollout.generation == *generation) return Waiting{rollout, *hold};
    others += (others.empty() ? "" : ", ") + std::to_string(rollout.generation);
  }
  if (!generation || others.empty()) {
    return fail(Error::Kind::conflict, "no rollout of " + application + " waits for an approval");
  }
  return fail(Error::Kind::conflict,
              "generation " + std::to_string(*generation) + " of " + application + " does not wait for an approval",
              "generation " + others + " does");
}

/// What was approved can be proven later: the line names the digests.
Result<void> note_word(store::Transaction& tx, const Waiting& waiting, const Word& word, Time now) {
  const auto generation = store::Applications(tx).generation(waiting.rollout.application, waiting.rollout.generation);
  if (!generation) return fail(generation.error());
  const auto images = parse_json(generation->images);
  store::AuditEntry entry(now, word.by, word.reject ? "app.reject" : "app.approve");
  entry.rollout = waiting.rollout.id;
  entry.data = dump_json({{"application", waiting.rollout.application},
                          {"rollout", waiting.rollout.id.value},
                          {"generation", waiting.rollout.generation},
                          {"images", images ? *images : Json::object()},
                          {"reason", word.reason}});
  return store::Audit(tx).add(std::move(entry));
}

std::string rejection(const Word& word) {
  return "by " + word.by + (word.reason.empty() ? "" : ": " + word.reason) + "; nothing was changed";
}

Result<Waiting> take(store::Transaction& tx, const std::string& application, std::optional<std::int64_t> generation,
                     const Word& word, Time now) {
  auto waiting = find_waiting(tx, application, generation);
  if (!waiting) return waiting;
  if (auto allowed = waiting->hold.may_speak(word); !allowed) return fail(allowed.error());
  if (auto noted = note_word(tx, *waiting, word, now); !noted) return fail(noted.error());
  if (word.reject) {
    auto ended = store::Rollouts(tx).end_queued(waiting->rollout.id, std::string(name_of(Stage::rejected)),
                                                rejection(word), now);
    if (!ended) return fail(ended.error());
    return waiting;
  }
  if (auto taken = waiting->hold.approve(word, now); !taken) return fail(taken.error());
  if (auto saved = save_hold(tx, waiting->rollout.id, waiting->hold, now); !saved) return fail(saved.error());
  return waiting;
}

/// Looked at and ended in one transaction: an approval may have come at the last moment.
Result<bool> end_if_late(store::Transaction& tx, RolloutId id, Time now, Time present) {
  const auto rollout = store::Rollouts(tx).get(id);
  if (!rollout) return fail(rollout.error());
  const auto hold = hold_of(*rollout);
  if (!hold || hold->approved() || !hold->until || present < *hold->until) return false;
  auto ended = store::Rollouts(tx).end_queued(id, std::string(name_of(Stage::rejected)), hold->too_late(), now);
  if (!ended) return fail(ended.error());
  return true;
}

Result<Waiting> override_window(store::Transaction& tx, const std::string& application, const std::string& by,
                                Time now) {
  if (const auto known = store::Applications(tx).get(application); !known) return fail(known.error());
  const auto open = store::Rollouts(tx).open(application);
  if (!open) return fail(open.error());
  for (const store::Rollout& rollout : *open) {
    auto hold = hold_of(rollout);
    if (!hold || hold->in_window(now)) continue;
    store::AuditEntry entry(now, by, "app.outside_window");
    entry.rollout = rollout.id;
    entry.data = dump_json({{"application", application},
                            {"rollout", rollout.id.value},
                            {"generation", rollout.generation},
                            {"window", opens_when(hold->windows, now)}});
    if (auto noted = store::Audit(tx).add(std::move(entry)); !noted) return fail(noted.error());
    hold->overridden_by = by;
    if (auto saved = save_hold(tx, rollout.id, *hold, now); !saved) return fail(saved.error());
    return Waiting{rollout, *hold};
  }
  return fail(Error::Kind::conflict, "no rollout of " + application + " waits for its window");
}

}  // namespace

awaitable<Result<RolloutId>> Rollouts::take_word(std::string application, std::optional<std::int64_t> generation,
                                                 Word word) {
  auto work = settle_word(std::move(application), generation, std::move(word));
  co_return co_await tasks_.see_through("a word on a rollout", std::move(work));
}

awaitable<Result<RolloutId>> Rollouts::settle_word(std::string application, std::optional<std::int64_t> generation,
                                                   Word word) {
  auto work = [application, generation, word, now = parts_.clock.now()](store::Transaction& tx) {
    return take(tx, application, generation, word, now);
  };
  auto taken = co_await parts_.store.write(std::move(work));
  if (!taken) co_return fail(taken.error());
  const RolloutId id = taken->rollout.id;
  log::info(word.reject ? "a rollout was rejected" : "a rollout was approved",
            {{"rollout", id}, {"application", application}, {"by", word.by}});
  if (word.reject) {
    step_out(id, "rejected " + rejection(word));
    co_return id;
  }
  stands(id, taken->hold, "approved by " + word.by + (word.reason.empty() ? "" : ": " + word.reason));
  co_return id;
}

awaitable<Result<RolloutId>> Rollouts::begin_outside_window(std::string application, std::string by) {
  auto work = settle_window(std::move(application), std::move(by));
  co_return co_await tasks_.see_through("a window of a rollout", std::move(work));
}

awaitable<Result<RolloutId>> Rollouts::settle_window(std::string application, std::string by) {
  auto work = [application, by, now = parts_.clock.now()](store::Transaction& tx) {
    return override_window(tx, application, by, now);
  };
  auto taken = co_await parts_.store.write(std::move(work));
  if (!taken) co_return fail(taken.error());
  log::info("a rollout may begin outside of its window",
            {{"rollout", taken->rollout.id}, {"application", application}, {"by", by}});
  stands(taken->rollout.id, taken->hold, "may begin outside of its window: " + by);
  co_return taken->rollout.id;
}

/// What the store says by now about one that has not begun.
void Rollouts::stands(RolloutId id, const Hold& hold, const std::string& news) {
  const auto found = works_.find(id);
  if (found == works_.end() || found->second->running) return;
  const WorkPtr work = found->second;
  work->hold = hold;
  if (!news.empty()) work->say(news);
  const std::string waits = hold.waits_for(parts_.clock.now());
  work->waits = waits.empty() ? std::string() : "waits for " + waits;
  if (!work->waits.empty()) work->say(work->waits);
  work->changed.cancel();
  moved_.cancel();
}

/// Until it runs: sees the end of the time for an approval, and windows that open and close.
awaitable<void> Rollouts::keep_hold(WorkPtr work) {
  while (work->hold && !work->running && !work->ended) {
    if (auto kept = co_await look_at_hold(work); !kept) {
      log::warn("a rollout that waits can't be looked at", {{"rollout", work->id}, {"why", kept.error()}});
    }
    Milliseconds nap = clock_interval;
    const Time now = parts_.clock.now();
    if (work->hold && work->hold->until && !work->hold->approved()) {
      nap = std::min(nap, *work->hold->until - parts_.deadline_now());
    }
    const auto opening = work->hold ? opening_of(work->hold->windows, now) : std::nullopt;
    if (opening && now < opening->from) nap = std::min(nap, opening->from - now);
    co_await sleep_for(std::max(nap, shortest_nap));
  }
}

awaitable<Result<void>> Rollouts::look_at_hold(WorkPtr work) {
  const Time now = parts_.clock.now();
  const std::string waits = work->hold->waits_for(now);
  const bool late = !work->hold->approved() && work->hold->until && *work->hold->until <= parts_.deadline_now();
  if (late) co_return co_await end_hold(work);
  if ((waits.empty() ? waits : "waits for " + waits) == work->waits) co_return Result<void>();
  if (waits.empty() && work->waits.starts_with("waits behind")) co_return Result<void>();
  auto save = [id = work->id, now](store::Transaction& tx) -> Result<std::optional<Hold>> {
    const auto rollout = store::Rollouts(tx).get(id);
    if (!rollout) return fail(rollout.error());
    auto hold = hold_of(*rollout);
    if (!hold) return std::optional<Hold>();
    if (auto saved = save_hold(tx, id, *hold, now); !saved) return fail(saved.error());
    return hold;
  };
  auto saved = co_await parts_.store.write(std::move(save));
  if (!saved) co_return fail(saved.error());
  if (*saved) stands(work->id, **saved, waits.empty() ? "the window is open" : "");
  co_return Result<void>();
}

awaitable<Result<void>> Rollouts::end_hold(WorkPtr work) {
  auto end = [id = work->id, now = parts_.clock.now(), present = parts_.deadline_now()](store::Transaction& tx) {
    return end_if_late(tx, id, now, present);
  };
  auto ended = co_await parts_.store.write(std::move(end));
  if (!ended) co_return fail(ended.error());
  if (*ended && work->hold) step_out(work->id, "rejected: " + work->hold->too_late());
  co_return Result<void>();
}

}  // namespace slipway::rollouts
