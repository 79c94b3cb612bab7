#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "base/secret.hpp"
#include "orchestrator/store/store.hpp"
#include "orchestrator/triggers/decide.hpp"
#include "orchestrator/triggers/parse.hpp"
#include "orchestrator/triggers/source.hpp"
#include "orchestrator/triggers/verify.hpp"

namespace slipway::triggers {

/// What became of a delivery; by now it is on the disk.
struct Outcome {
  store::Decision decision = store::Decision::ignored;
  std::string reason;
  DeliveryId delivery;      ///< the first; 0 if the ledger has no entry (too many refused ones)
  std::vector<RunId> runs;  ///< queued
};

/// Takes webhooks in: finds the project, checks the proof, decides, and files the delivery together with the runs it
/// queues in one transaction. Which project a delivery is for is said by its URL alone. Borrows all it is given.
class Receiver {
 public:
  /// The project's hook secret, opened. Only asked for projects that have one.
  using HookSecret = std::function<Result<Secret>(const store::Project&)>;

  /// Told of a run that is about to be queued, before that is committed: it may still come to nothing.
  using RunComing = std::function<void(const store::Project&, const store::Run&)>;

  Receiver(store::Store& store, Pool& pool, const Clock& clock, HookSecret secret, RunComing run_coming = {});

  /// A body of more than this is refused before it is read.
  static constexpr std::size_t body_limit = 5 << 20;

  /// `source` is what the URL names; without it the headers say. No such project: not_found. A missing or wrong proof:
  /// unauthorized. A payload that makes no sense: invalid. The latter two are in the ledger as refused, the former of
  /// them without a body, at most 30 a minute.
  awaitable<Result<Outcome>> receive(std::string project, std::optional<Source> source, HookMessage message);

  /// Decides on a stored delivery as if it came now, for `actor`; it becomes a delivery of its own, and is no
  /// duplicate. One whose body was not kept (refused for its proof, or over 1 MiB) is Kind::conflict.
  awaitable<Result<Outcome>> replay(DeliveryId delivery, std::string actor);

 private:
  struct Entry {
    store::Delivery delivery;
    std::vector<store::Run> runs;
  };
  using Message = std::shared_ptr<const HookMessage>;

  awaitable<Result<std::vector<Parsed>>> examine(Source source, Message message, HookKey key);
  awaitable<Result<Outcome>> file(std::vector<Entry> entries);
  awaitable<void> file_refusal(store::Delivery delivery, std::string reason);
  bool may_file_refusal();

  store::Store& store_;
  Pool& pool_;
  const Clock& clock_;
  HookSecret secret_;
  RunComing run_coming_;
  Time refusals_since_{};
  int refusals_ = 0;
};

}  // namespace slipway::triggers
