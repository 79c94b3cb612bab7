#include "orchestrator/store/timeline.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/store/events.hpp"
#include "orchestrator/store/outbox.hpp"
#include "orchestrator/store/query.hpp"

namespace slipway::store {

namespace {

// Escaped, a byte may become six: with a handful of texts an event stays below its limit.
constexpr std::size_t kTextLimit = 512;

std::string data_of(std::initializer_list<Detail> details) {
  Json data = Json::object();
  for (const Detail& detail : details) {
    const Value::Held& held = detail.value.held();
    const std::string key(detail.key);
    if (const auto* number = std::get_if<std::int64_t>(&held)) data[key] = *number;
    const auto* text = std::get_if<std::string_view>(&held);
    if (text && !text->empty()) data[key] = clipped(std::string(*text), kTextLimit);
  }
  return dump_json(data);
}

void append(Transaction& tx, Event event) {
  // The data is bounded above, so that only the database itself can fail here, and that throws.
  (void)Events(tx).append(std::move(event));
}

/// Where the commit's status is kept at a forge, that forge is to be told: in the same transaction, so that no change
/// is lost. Of several for one commit and event only the last stays.
void announce(Transaction& tx, RunId run, Time at) {
  std::string about;
  tx.run(
      "SELECT p.id || '/' || r.commit_id || '/' || r.event FROM runs r JOIN projects p ON p.id = r.project "
      "WHERE r.id = ?1 AND r.commit_id <> '' AND p.forge <> 'none' AND p.sealed_forge_token <> ''",
      {run}, [&](const Row& row) { about = row.text(0); });
  if (about.empty()) return;
  // Nothing but the database itself can fail here, and that throws.
  (void)Outbox(tx).put("commit-status", about, "{\"run\":" + to_string(run) + "}", at);
}

}  // namespace

void tell(Transaction& tx, RunId run, std::string_view kind, Time at, std::initializer_list<Detail> details) {
  Event event(std::string(kind), at);
  event.run = run;
  event.data = data_of(details);
  append(tx, std::move(event));
  if (kind.starts_with("run.")) announce(tx, run, at);
}

void tell(Transaction& tx, RolloutId rollout, std::string_view kind, Time at, std::initializer_list<Detail> details) {
  Event event(std::string(kind), at);
  event.rollout = rollout;
  event.data = data_of(details);
  tx.run(
      "SELECT r.application, r.run, a.project FROM rollouts r LEFT JOIN applications a ON a.name = r.application "
      "WHERE r.id = ?1",
      {rollout}, [&](const Row& row) { row.into(event.application, event.run, event.project); });
  append(tx, std::move(event));
}

}  // namespace slipway::store
