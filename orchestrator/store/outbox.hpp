#pragma once
#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

enum class MessageState : std::uint8_t { pending, sent, dead };
template <>
struct Names<MessageState> {
  static constexpr std::array<std::string_view, 3> list{"pending", "sent", "dead"};
};

/// Something to tell another system, at least once.
struct Message {
  std::int64_t id = 0;
  std::string kind;  ///< "commit-status"
  std::string key;   ///< what it is about, beginning with the project's id and '/': of two pending ones only the newer
                     ///< is worth sending
  std::string payload = "{}";
  std::int64_t attempts = 0;
  Time next_at{};
  MessageState state = MessageState::pending;
  std::string error;  ///< of the last attempt
  Time created{};
};

class Outbox {
 public:
  explicit Outbox(Transaction& tx) : tx_(tx) {}

  /// To be sent now, unless `hold` says when. Replaces a pending one of the same kind and key, and begins anew: how
  /// often that one failed says nothing of this one.
  Result<std::int64_t> put(std::string kind, std::string key, std::string payload, Time at);
  /// One that was replaced meanwhile is success.
  Result<void> sent(std::int64_t id);
  Result<void> retry(std::int64_t id, std::string error, Time next_at);
  /// Whom they are for asked to be left alone until then: what is pending of this kind and key is not due before, nor
  /// is what replaces it.
  Result<void> hold(std::string kind, std::string key, Time until);
  /// Given up.
  Result<void> bury(std::int64_t id, std::string error);
  /// Removes sent and dead ones made before `before`, a bounded number at a time; answers how many went.
  Result<std::int64_t> prune(Time before);

  /// Pending ones whose time has come, oldest first, at most 200.
  Result<std::vector<Message>> due(Time now, std::size_t limit) const;
  /// The first `limit` of all these that are `wanted`, which is asked in this order.
  Result<std::vector<Message>> pick(Time now, std::size_t limit, std::function<bool(const Message&)> wanted) const;
  /// When the first pending one is due of those that are not at `now`.
  Result<std::optional<Time>> next_due(Time now) const;

 private:
  /// At most 200, those after `last` in the order in which they are due.
  std::vector<Message> due_after(const Message& last, Time now, std::size_t limit) const;

  Transaction& tx_;
};

}  // namespace slipway::store
