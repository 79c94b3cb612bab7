#include "orchestrator/store/applications.hpp"

#include "orchestrator/store/events.hpp"
#include "orchestrator/store/query.hpp"

namespace slipway::store {

namespace {

constexpr std::size_t kMostGenerations = 200;

const std::string kSelectApplications = "SELECT name, project, promoted, fence, created FROM applications ";
const std::string kSelectGeneration =
    "SELECT application, number, run, compose, images, refs, created, promoted FROM generations ";

Application application_of(const Row& row) {
  Application a;
  row.into(a.name, a.project, a.promoted, a.fence, a.created);
  return a;
}

Generation generation_of(const Row& row) {
  Generation g;
  row.into(g.application, g.number, g.run, g.compose, g.images, g.references, g.created, g.promoted);
  return g;
}

std::string images_text(const Row& row) {
  std::string text;
  row.into(text);
  return text;
}

}  // namespace

Result<void> Applications::ensure(std::string name, ProjectId project, Time at) {
  tx_.run("INSERT INTO applications (name, project, created) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO NOTHING",
          {name, project, at});
  const auto application = get(name);
  if (!application) return fail(application.error());
  if (application->project == project) return {};
  std::string removed;
  tx_.run("SELECT name FROM projects WHERE id = ?1 AND removed IS NOT NULL", {application->project},
          [&](const Row& row) { row.into(removed); });
  if (!removed.empty()) {
    return fail(Error::Kind::conflict, "application " + name + " belongs to project " + removed + ", which was removed",
                "a project that is added under that name gets it; or give this one another name (the job's "
                "deploy.application, or the Compose file's)");
  }
  return fail(Error::Kind::conflict, "application " + name + " belongs to another project",
              "give this one another name (the job's deploy.application, or the Compose file's)");
}

Result<std::int64_t> Applications::add_generation(Generation generation) {
  const auto next = number(tx_,
                           "UPDATE applications SET last_generation = last_generation + 1 WHERE name = ?1 "
                           "RETURNING last_generation",
                           {generation.application});
  if (!next) return fail(Error::Kind::not_found, "no application " + generation.application);
  tx_.run(
      "INSERT INTO generations (application, number, run, compose, images, refs, created) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      {generation.application, *next, generation.run, generation.compose, generation.images, generation.references,
       generation.created});
  tx_.mark("generation.added");
  return *next;
}

Result<void> Applications::promote(std::string name, std::int64_t generation, std::int64_t fence, Time at) {
  if (auto known = this->generation(name, generation); !known) return fail(known.error());
  if (tx_.run("UPDATE applications SET promoted = ?2 WHERE name = ?1 AND fence = ?3", {name, generation, fence}) == 0) {
    return fail(Error::Kind::conflict, "application " + name + " is in the hands of a newer rollout");
  }
  tx_.run("UPDATE generations SET promoted = coalesce(promoted, ?3) WHERE application = ?1 AND number = ?2",
          {name, generation, at});
  Event event("application.promoted", at);
  event.application = name;
  event.data = "{\"generation\":" + std::to_string(generation) + "}";
  tx_.run("SELECT project FROM applications WHERE name = ?1", {name}, [&](const Row& row) { row.into(event.project); });
  auto told = Events(tx_).append(std::move(event));
  return told ? Result<void>() : fail(std::move(told).error());
}

Result<Application> Applications::get(std::string name) const {
  return one(tx_, kSelectApplications + "WHERE name = ?1", {name}, application_of, "application " + name);
}

Result<std::vector<Application>> Applications::list() const {
  return rows(tx_, kSelectApplications + "ORDER BY name", {}, application_of);
}

Result<Generation> Applications::generation(std::string name, std::int64_t generation) const {
  return one(tx_, kSelectGeneration + "WHERE application = ?1 AND number = ?2", {name, generation}, generation_of,
             "generation " + std::to_string(generation) + " of application " + name);
}

Result<Generation> Applications::promoted_before(std::string name, std::int64_t generation) const {
  return one(tx_,
             kSelectGeneration +
                 "WHERE application = ?1 AND number < ?2 AND promoted IS NOT NULL ORDER BY number DESC LIMIT 1",
             {name, generation}, generation_of, "generation of " + name + " promoted before this one");
}

Result<std::vector<Generation>> Applications::generations(std::string name, std::size_t limit) const {
  return rows(tx_, kSelectGeneration + "WHERE application = ?1 ORDER BY number DESC LIMIT ?2",
              {name, std::min(limit, kMostGenerations)}, generation_of);
}

Result<std::vector<std::string>> Applications::images_of(std::string name, std::size_t limit) const {
  return rows(tx_,
              "SELECT DISTINCT images FROM (SELECT images FROM generations WHERE application = ?1 "
              "ORDER BY number DESC LIMIT ?2)",
              {name, limit}, images_text);
}

/// CROSS JOIN: applications first, since there are few, and not all generations there ever were.
Result<std::vector<std::string>> Applications::images_to_come() const {
  return rows(tx_,
              "SELECT g.images FROM applications a CROSS JOIN generations g ON g.application = a.name AND "
              "g.number = a.promoted UNION "
              "SELECT g.images FROM rollouts r JOIN generations g ON g.application = r.application AND "
              "g.number = r.generation WHERE r.ended = 0",
              {}, images_text);
}

}  // namespace slipway::store
