#pragma once
#include "orchestrator/store/runs.hpp"
#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

enum class Decision : std::uint8_t { accepted, ignored, refused, duplicate };
template <>
struct Names<Decision> {
  static constexpr std::array<std::string_view, 4> list{"accepted", "ignored", "refused", "duplicate"};
};

/// A webhook that came in, and what became of it.
struct Delivery {
  DeliveryId id;
  ProjectId project;           ///< may name nothing
  std::string source;          ///< github, gitlab, distribution, plain, …
  std::string event;           ///< in the sender's words
  std::string external_id;     ///< the sender's id; not signed, so not trusted
  std::string replay_key;      ///< of one accepted before makes this one a duplicate; empty: not compared
  std::string replay_scope{};  ///< set: only the last delivery of the same scope, or one with the same external id, may
                               ///< make it a duplicate; when it is recorded it becomes the beginning of `replay_key`
  Time received{};
  std::string headers = "{}";  ///< JSON of those worth keeping
  std::string body;            ///< at most 1 MiB
  Decision decision = Decision::ignored;
  std::string reason;
  RunId run;  ///< the first that it queued
};

struct Recorded {
  DeliveryId delivery;
  Decision decision = Decision::accepted;  ///< may have become duplicate
  std::vector<RunId> runs;
};

struct DeliveryFilter {
  DeliveryFilter() = default;
  ProjectId project;
  std::optional<Decision> decision;
  DeliveryId before;       ///< only older ones
  std::size_t limit = 50;  ///< at most 200
};

class Deliveries {
 public:
  explicit Deliveries(Transaction& tx) : tx_(tx) {}

  /// The delivery and the runs it queues, together or not at all. An accepted one whose replay key was accepted before
  /// is recorded as a duplicate, queues nothing, and names the run of the first. With a scope that holds until another
  /// one with this scope is accepted or ignored; after that only for one with the external id of the first, too.
  Result<Recorded> record(Delivery delivery, std::vector<Run> runs);
  /// Removes the oldest refused ones so that `refused` of them remain, then the oldest of all so that `all` do. A
  /// bounded number at a time; answers how many went.
  Result<std::int64_t> prune(std::int64_t all, std::int64_t refused);
  /// Forgets the bodies of all but the newest `keep`, likewise.
  Result<std::int64_t> drop_bodies(std::int64_t keep);

  Result<Delivery> get(DeliveryId id) const;
  /// Newest first, without their bodies; `next` is for `before`.
  Result<Page<Delivery>> list(DeliveryFilter filter) const;

 private:
  void compare(Delivery& delivery);
  void look_for_first(Delivery& delivery) const;
  Result<Recorded> queue(Recorded recorded, std::vector<Run> runs);

  Transaction& tx_;
};

}  // namespace slipway::store
