#include "orchestrator/store/figures.hpp"

#include "orchestrator/store/query.hpp"

namespace slipway::store {

namespace {

std::map<std::string, std::int64_t> counts(Transaction& tx, std::string_view sql) {
  std::map<std::string, std::int64_t> found;
  tx.run(sql, {}, [&](const Row& row) { found[row.text(0)] = row.number(1); });
  return found;
}

}  // namespace

Result<Figures> Counts::all() const {
  Figures figures;
  figures.runs_by_state = counts(tx_, "SELECT state, count(*) FROM runs WHERE state <> 'finished' GROUP BY state");
  figures.runs_by_verdict = counts(tx_, "SELECT verdict, count(*) FROM runs WHERE verdict <> 'none' GROUP BY verdict");
  figures.deliveries_by_decision = counts(tx_, "SELECT decision, count(*) FROM deliveries GROUP BY decision");
  figures.messages_by_state = counts(tx_, "SELECT state, count(*) FROM outbox GROUP BY state");
  figures.open_rollouts = number(tx_, "SELECT count(*) FROM rollouts WHERE ended = 0", {}).value_or(0);
  tx_.run("SELECT min(created) FROM runs WHERE state = 'queued'", {},
          [&](const Row& row) { row.into(figures.oldest_queued); });
  return figures;
}

}  // namespace slipway::store
