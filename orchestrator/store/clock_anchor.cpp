#include "orchestrator/store/clock_anchor.hpp"

#include "orchestrator/store/query.hpp"

namespace slipway::store {

Result<Milliseconds> ClockAnchor::agree(std::string boot, Milliseconds fresh) {
  if (boot.empty()) return fresh;
  const auto known = number(tx_,
                            "SELECT CAST(a.value AS INTEGER) FROM meta a JOIN meta b ON b.name = 'boot' "
                            "WHERE a.name = 'clock_anchor' AND b.value = ?1",
                            {boot});
  if (known) return Milliseconds(*known);
  const std::string text = std::to_string(fresh.count());
  for (const auto& [name, value] : {std::pair{"boot", boot}, std::pair{"clock_anchor", text}}) {
    tx_.run("INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2", {name, value});
  }
  return fresh;
}

}  // namespace slipway::store
