// Deployments that wait for people before anything is done for them.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/log.hpp"
#include "orchestrator/rollouts/rollouts.hpp"
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/audit.hpp"

namespace slipway::rollouts {
namespace {

constexpr Milliseconds look_again{5'000};  // whether the time is over: the clock may have been moved meanwhile
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
    if (!hold) continue;
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
  if (!hold || !hold->until || present < *hold->until) return false;
  auto ended = store::Rollouts(tx).end_queued(id, std::string(name_of(Stage::rejected)), hold->too_late(), now);
  if (!ended) return fail(ended.error());
  return true;
}

}  // namespace

awaitable<Result<RolloutId>> Rollouts::take_word(std::string application, std::optional<std::int64_t> generation,
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
  const auto found = works_.find(id);
  if (found == works_.end()) co_return id;
  const WorkPtr held = found->second;
  held->say("approved by " + word.by + (word.reason.empty() ? "" : ": " + word.reason));
  held->waits = taken->hold.passed() ? std::string() : "waits for " + taken->hold.waits_for();
  held->hold = taken->hold.passed() ? std::nullopt : std::optional(taken->hold);
  if (held->hold) held->say(held->waits);
  held->changed.cancel();
  moved_.cancel();
  co_return id;
}

awaitable<void> Rollouts::keep_hold(WorkPtr work) {
  while (work->hold && !work->ended) {
    const Milliseconds left = work->hold->until ? *work->hold->until - parts_.deadline_now() : look_again;
    if (left.count() <= 0) {
      auto over = co_await end_hold(work);
      if (!over) log::warn("a rollout that waits was not ended", {{"rollout", work->id}, {"why", over.error()}});
    }
    co_await sleep_for(std::clamp(left, shortest_nap, look_again));
  }
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
