#include "orchestrator/store/adoptions.hpp"

#include "orchestrator/store/query.hpp"
#include "orchestrator/store/timeline.hpp"

namespace slipway::store {

/// An application that never got onto a host binds nobody.
Result<void> Adoptions::take_fleet(const std::string& fleet) {
  std::string ours;
  tx_.run("SELECT value FROM meta WHERE name IN ('fleet', 'instance') ORDER BY name LIMIT 1", {},
          [&](const Row& row) { row.into(ours); });
  if (ours == fleet) return {};
  std::string other;
  tx_.run("SELECT application FROM rollouts ORDER BY id LIMIT 1", {}, [&](const Row& row) { row.into(other); });
  if (!other.empty()) {
    return fail(Error::Kind::conflict,
                "its containers are those of installation " + fleet + ", and this one (" + ours +
                    ") has rolled out others already, such as " + other,
                "adopt into a slipwayd with a new data folder, before anything is deployed with it");
  }
  tx_.run("INSERT INTO meta VALUES ('fleet', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1", {fleet});
  return {};
}

/// Rollouts that came to nothing are in nobody's way.
Result<void> Adoptions::check_free(const AdoptedApplication& application) {
  const std::int64_t first = application.generations.front().number;
  const auto taken =
      number(tx_,
             "SELECT coalesce(max(id), 0) FROM rollouts WHERE application = ?1 AND (ended = 0 OR generation >= ?2 OR "
             "(SELECT promoted FROM applications WHERE name = ?1) > 0)",
             {application.name, first});
  if (!taken || *taken == 0) return {};
  return fail(Error::Kind::conflict,
              application.name + " is known here already, by rollout " + std::to_string(*taken) + " among others",
              "slipway app status " + application.name);
}

Result<RolloutId> Adoptions::add(AdoptedApplication application, Time at) {
  if (auto fleet = take_fleet(application.fleet); !fleet) return fail(fleet.error());
  if (auto ours = Applications(tx_).ensure(application.name, application.project, at); !ours) return fail(ours.error());
  if (auto free = check_free(application); !free) return fail(free.error());
  for (const Generation& one : application.generations) {
    tx_.run(
        "INSERT INTO generations (application, number, run, compose, images, refs, created, promoted) "
        "VALUES (?1, ?2, NULL, ?3, ?4, ?5, ?6, ?6)",
        {application.name, one.number, one.compose, one.images, one.references, at});
  }
  const std::int64_t promoted = application.generations.back().number;
  tx_.run(
      "UPDATE applications SET promoted = ?2, last_generation = max(last_generation, ?3), fence = max(fence, ?4) "
      "WHERE name = ?1",
      {application.name, promoted, std::max(application.newest_generation, promoted), application.newest_fence});
  // Labels name rollouts by number: none that is to come may have one that is taken.
  const auto newest = number(tx_, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'rollouts'", {});
  std::int64_t id = std::max(newest.value_or(0), application.newest_rollout);
  for (const Rollout& one : application.rollouts) {
    ++id;
    tx_.run(
        "INSERT INTO rollouts (id, application, generation, run, job, attempt, kind, state, ended, reason, plan, "
        "progress, requested_by, created, finished) "
        "VALUES (?1, ?2, ?3, NULL, '', 1, ?4, ?5, 1, ?6, '{}', ?7, ?8, ?9, ?9)",
        {id, application.name, one.generation, one.kind, one.state, clipped(one.reason), one.progress, one.requested_by,
         at});
  }
  for (const RolloutHost& host : application.hosts) {
    tx_.run(
        "INSERT INTO rollout_hosts (rollout, host, batch, state, old_containers, new_containers, digest, detail, "
        "updated) VALUES (?1, ?2, 1, ?3, '[]', '[]', '', ?4, ?5)",
        {id, host.host, host.state, clipped(host.detail), at});
  }
  tell(tx_, RolloutId(id), "application.adopted", at, {{"generation", promoted}, {"fleet", application.fleet}});
  return RolloutId(id);
}

}  // namespace slipway::store
