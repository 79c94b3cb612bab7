#include "orchestrator/store/events.hpp"

#include "orchestrator/store/query.hpp"

namespace slipway::store {

namespace {

constexpr std::size_t kDataLimit = 16 << 10;
constexpr std::size_t kMostEvents = 1000;
constexpr std::int64_t kEventsPruned = 2000;  // a commit that removes more would hold the others up

const std::string kSelectEvents = "SELECT seq, at, run, project, rollout, application, kind, data FROM events";

Event event_of(const Row& row) {
  Event e;
  row.into(e.seq, e.at, e.run, e.project, e.rollout, e.application, e.kind, e.data);
  return e;
}

}  // namespace

Result<std::int64_t> Events::append(Event event) {
  if (event.data.size() > kDataLimit) return fail(Error::Kind::too_large, "event " + event.kind + ": over 16 KiB");
  const auto seq =
      number(tx_,
             "INSERT INTO events (at, run, project, rollout, application, kind, data) "
             "VALUES (?1, ?2, coalesce(?3, (SELECT project FROM runs WHERE id = ?2)), ?4, ?5, ?6, ?7) "
             "RETURNING seq",
             {event.at, event.run, event.project, event.rollout, event.application, event.kind, event.data});
  tx_.mark(event.kind);
  return *seq;
}

Result<std::int64_t> Events::prune(std::int64_t keep) {
  return tx_.run(
      "DELETE FROM events WHERE seq <= (SELECT max(seq) FROM events) - ?1 AND "
      "seq < (SELECT min(seq) FROM events) + ?2",
      {keep, kEventsPruned});
}

Result<Page<Event>> Events::list(EventFilter filter) const {
  Query query(kSelectEvents);
  query.where("seq > ?", filter.after);
  if (filter.run) query.where("run = ?", filter.run);
  if (filter.project) query.where("project = ?", filter.project);
  if (filter.rollout) query.where("rollout = ?", filter.rollout);
  if (!filter.application.empty()) query.where("application = ?", filter.application);
  return page(tx_, std::move(query), " ORDER BY seq", std::min(filter.limit, kMostEvents), event_of,
              [](const Event& e) { return e.seq; });
}

Result<EventsSince> Events::since(EventFilter filter) const {
  const std::int64_t after = filter.after;
  Result<Page<Event>> found = list(std::move(filter));
  if (!found) return fail(found.error());
  EventsSince since{std::move(found->items), found->next};
  if (since.reached != 0) return since;  // there are more
  since.reached = std::max(after, number(tx_, "SELECT max(seq) FROM events", {}).value_or(0));
  return since;
}

Result<std::vector<Event>> Events::incidents(RunId run) const {
  return rows(tx_,
              kSelectEvents +
                  " WHERE run = ?1 AND kind IN ('engine.lost', 'engine.back', 'step.reattached') "
                  "ORDER BY seq LIMIT 200",
              {run}, event_of);
}

}  // namespace slipway::store
