#include "orchestrator/store/drifts.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/store/events.hpp"
#include "orchestrator/store/query.hpp"

namespace slipway::store {

Result<bool> Drifts::note(std::string application, std::string host, std::string what, Time at) {
  what = clipped(std::move(what), 1024);
  std::string before;
  tx_.run("SELECT what FROM drift WHERE application = ?1 AND host = ?2", {application, host},
          [&](const Row& row) { row.into(before); });
  if (before == what) return false;
  if (what.empty()) {
    tx_.run("DELETE FROM drift WHERE application = ?1 AND host = ?2", {application, host});
  } else {
    tx_.run(
        "INSERT INTO drift (application, host, what, since) VALUES (?1, ?2, ?3, ?4) "
        "ON CONFLICT (application, host) DO UPDATE SET what = excluded.what, since = excluded.since",
        {application, host, what, at});
  }
  Event event(what.empty() ? "drift.gone" : "drift.found", at);
  event.application = application;
  event.data = dump_json({{"host", host}, {"what", what.empty() ? before : what}});
  tx_.run("SELECT project FROM applications WHERE name = ?1", {application},
          [&](const Row& row) { row.into(event.project); });
  const auto told = Events(tx_).append(std::move(event));
  if (!told) return fail(told.error());
  return true;
}

Result<std::vector<HostDrift>> Drifts::list(std::string application) const {
  return rows(tx_, "SELECT host, what, since FROM drift WHERE application = ?1 ORDER BY host", {application},
              [](const Row& row) {
                HostDrift drift;
                row.into(drift.host, drift.what, drift.since);
                return drift;
              });
}

}  // namespace slipway::store
