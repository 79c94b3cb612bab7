#include "orchestrator/store/outbox.hpp"

#include "orchestrator/store/query.hpp"

namespace slipway::store {

namespace {

constexpr std::size_t kMostMessages = 200;
constexpr std::int64_t kMessagesPruned = 500;

const std::string kSelectDue =
    "SELECT id, kind, about, payload, attempts, next_at, state, error, created FROM outbox "
    "WHERE state = 'pending' AND next_at <= ?1 AND (next_at, id) > (?2, ?3) ORDER BY next_at, id LIMIT ?4";

Message message_of(const Row& row) {
  Message m;
  row.into(m.id, m.kind, m.key, m.payload, m.attempts, m.next_at, m.state, m.error, m.created);
  return m;
}

}  // namespace

Result<std::int64_t> Outbox::put(std::string kind, std::string key, std::string payload, Time at) {
  Time asked{};
  tx_.run("DELETE FROM outbox WHERE kind = ?1 AND about = ?2 AND state = 'pending' RETURNING not_before", {kind, key},
          [&](const Row& row) { row.into(asked); });
  const auto id = number(tx_,
                         "INSERT INTO outbox (kind, about, payload, next_at, created, not_before) "
                         "VALUES (?1, ?2, ?3, max(?4, ?5), ?4, ?5) RETURNING id",
                         {kind, key, payload, at, asked});
  tx_.mark("outbox.put");
  return *id;
}

Result<void> Outbox::sent(std::int64_t id) {
  tx_.run("UPDATE outbox SET state = 'sent', attempts = attempts + 1, error = '' WHERE id = ?1", {id});
  tx_.mark("outbox.sent");
  return {};
}

Result<void> Outbox::retry(std::int64_t id, std::string error, Time next_at) {
  tx_.run("UPDATE outbox SET attempts = attempts + 1, error = ?2, next_at = ?3 WHERE id = ?1 AND state = 'pending'",
          {id, clipped(error), next_at});
  return {};
}

Result<void> Outbox::hold(std::string kind, std::string key, Time until) {
  tx_.run(
      "UPDATE outbox SET not_before = ?3, next_at = max(next_at, ?3) WHERE kind = ?1 AND about = ?2 AND "
      "state = 'pending'",
      {kind, key, until});
  return {};
}

Result<void> Outbox::bury(std::int64_t id, std::string error) {
  tx_.run("UPDATE outbox SET state = 'dead', attempts = attempts + 1, error = ?2 WHERE id = ?1 AND state = 'pending'",
          {id, clipped(error)});
  tx_.mark("outbox.dead");
  return {};
}

Result<std::int64_t> Outbox::prune(Time before) {
  return tx_.run(
      "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE state IN ('sent', 'dead') AND "
      "created < ?1 LIMIT ?2)",
      {before, kMessagesPruned});
}

Result<std::vector<Message>> Outbox::due(Time now, std::size_t limit) const {
  return due_after({}, now, limit);
}

std::vector<Message> Outbox::due_after(const Message& last, Time now, std::size_t limit) const {
  return rows(tx_, kSelectDue, {now, last.next_at, last.id, std::min(limit, kMostMessages)}, message_of);
}

Result<std::vector<Message>> Outbox::pick(Time now, std::size_t limit,
                                          std::function<bool(const Message&)> wanted) const {
  std::vector<Message> picked;
  // By pages: there may be very many, of which only the first are wanted.
  std::vector<Message> page = due_after({}, now, kMostMessages);
  while (!page.empty()) {
    Message last;
    last.next_at = page.back().next_at;
    last.id = page.back().id;
    for (Message& message : page) {
      if (picked.size() >= limit) return picked;
      if (wanted(message)) picked.push_back(std::move(message));
    }
    page = due_after(last, now, kMostMessages);
  }
  return picked;
}

Result<std::optional<Time>> Outbox::next_due(Time now) const {
  std::optional<Time> next;
  tx_.run("SELECT min(next_at) FROM outbox WHERE state = 'pending' AND next_at > ?1", {now},
          [&](const Row& row) { row.into(next); });
  return next;
}

}  // namespace slipway::store
