#pragma once
#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

/// Something that happened. The tables add those for changes of state themselves ("run.queued", "job.finished", …).
struct Event {
  Event() = default;
  Event(std::string what, Time when) : at(when), kind(std::move(what)) {}
  std::int64_t seq = 0;  ///< given by `append`; grows, with gaps
  Time at{};
  RunId run;
  ProjectId project;  ///< of the run if left out
  RolloutId rollout;
  std::string application;
  std::string kind;         ///< "run.started", "step.reattached", "rollout.batch"
  std::string data = "{}";  ///< JSON, at most 16 KiB
};

struct EventFilter {
  EventFilter() = default;
  std::int64_t after = 0;
  RunId run;
  ProjectId project;
  RolloutId rollout;
  std::string application;
  std::size_t limit = 200;  ///< at most 1000
};

/// What came after a point, for one who follows.
struct EventsSince {
  std::vector<Event> items;  ///< oldest first
  std::int64_t reached = 0;  ///< all up to this one were looked at, whether or not they matched: the next `after`
};

class Events {
 public:
  explicit Events(Transaction& tx) : tx_(tx) {}

  Result<std::int64_t> append(Event event);
  /// Removes the oldest so that `keep` remain, a bounded number at a time; answers how many went.
  Result<std::int64_t> prune(std::int64_t keep);

  /// Oldest first; `next` is for `after`.
  Result<Page<Event>> list(EventFilter filter) const;
  /// The same for one who asks again and again: who goes on from `reached` never looks at an event twice, however few
  /// match.
  Result<EventsSince> since(EventFilter filter) const;
  /// What has befallen a run from outside: the engine was lost and came back, steps were found again after a restart.
  /// Oldest first, at most 200.
  Result<std::vector<Event>> incidents(RunId run) const;

 private:
  Transaction& tx_;
};

}  // namespace slipway::store
