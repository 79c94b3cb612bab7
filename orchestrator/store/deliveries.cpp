#include "orchestrator/store/deliveries.hpp"

#include "orchestrator/store/query.hpp"

namespace slipway::store {

namespace {

constexpr std::size_t kBodyLimit = 1 << 20;
constexpr std::size_t kMostDeliveries = 200;
constexpr std::int64_t kDeliveriesPruned = 500;

const std::string kDeliveryColumns =
    "SELECT id, project, source, event, external_id, replay_key, received, headers, decision, reason, run, ";

Delivery delivery_of(const Row& row) {
  Delivery d;
  row.into(d.id, d.project, d.source, d.event, d.external_id, d.replay_key, d.received, d.headers, d.decision, d.reason,
           d.run, d.body);
  return d;
}

}  // namespace

Result<Recorded> Deliveries::record(Delivery delivery, std::vector<Run> runs) {
  if (delivery.body.size() > kBodyLimit) return fail(Error::Kind::too_large, "delivery: its body is over 1 MiB");
  compare(delivery);
  if (delivery.decision != Decision::accepted) runs.clear();
  const auto id =
      number(tx_,
             "INSERT INTO deliveries (project, source, event, external_id, replay_key, received, headers, body, "
             "decision, reason, run) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) RETURNING id",
             {delivery.project, clipped(delivery.source), clipped(delivery.event), clipped(delivery.external_id),
              delivery.replay_key, delivery.received, delivery.headers, Bytes(delivery.body), delivery.decision,
              clipped(delivery.reason), delivery.run});
  tx_.mark("delivery.recorded");
  Recorded recorded{DeliveryId(*id), delivery.decision, {}};
  return queue(std::move(recorded), std::move(runs));
}

/// Keys with a scope begin with it, so that they are found together.
void Deliveries::compare(Delivery& delivery) {
  const std::string begin = delivery.replay_scope + "/";
  const std::string end = delivery.replay_scope + "0";  // what follows '/'
  if (!delivery.replay_scope.empty()) delivery.replay_key.insert(0, begin);
  look_for_first(delivery);
  const bool counts = delivery.decision == Decision::accepted || delivery.decision == Decision::ignored;
  if (delivery.replay_scope.empty() || !counts) return;
  tx_.run(
      "UPDATE deliveries SET past_key = replay_key, replay_key = '' WHERE project = ?1 AND replay_key >= ?2 AND "
      "replay_key < ?3 AND decision = 'accepted' AND replay_key <> ''",
      {delivery.project, begin, end});
}

/// Makes a duplicate of what was accepted before: the last of its scope, or one that its sender, who had no answer,
/// sends again after others. Taken for new, the latter's run would be newer than those of the others.
void Deliveries::look_for_first(Delivery& delivery) const {
  if (delivery.decision != Decision::accepted || delivery.replay_key.empty()) return;
  const auto found = [&delivery](const Row& row) {
    DeliveryId first;
    row.into(first, delivery.run);
    delivery.decision = Decision::duplicate;
    delivery.reason = "the same as delivery " + to_string(first);
  };
  tx_.run(
      "SELECT id, run FROM deliveries WHERE project = ?1 AND replay_key = ?2 AND decision = 'accepted' "
      "AND replay_key <> ''",
      {delivery.project, delivery.replay_key}, found);
  if (delivery.decision == Decision::duplicate || delivery.replay_scope.empty() || delivery.external_id.empty()) return;
  tx_.run("SELECT id, run FROM deliveries WHERE project = ?1 AND external_id = ?2 AND past_key = ?3 AND past_key <> ''",
          {delivery.project, clipped(delivery.external_id), delivery.replay_key}, found);
}

Result<Recorded> Deliveries::queue(Recorded recorded, std::vector<Run> runs) {
  for (Run& run : runs) {
    run.delivery = recorded.delivery;
    auto added = Runs(tx_).add(std::move(run));
    if (!added) return fail(std::move(added).error());
    recorded.runs.push_back(*added);
  }
  if (!recorded.runs.empty()) {
    tx_.run("UPDATE deliveries SET run = ?2 WHERE id = ?1", {recorded.delivery, recorded.runs.front()});
  }
  return recorded;
}

Result<std::int64_t> Deliveries::prune(std::int64_t all, std::int64_t refused) {
  const auto unwanted = tx_.run(
      "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE decision = 'refused' AND "
      "id <= (SELECT id FROM deliveries WHERE decision = 'refused' ORDER BY id DESC LIMIT 1 OFFSET ?1) LIMIT ?2)",
      {refused, kDeliveriesPruned});
  const auto old = tx_.run(
      "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE "
      "id <= (SELECT id FROM deliveries ORDER BY id DESC LIMIT 1 OFFSET ?1) LIMIT ?2)",
      {all, kDeliveriesPruned});
  return unwanted + old;
}

Result<std::int64_t> Deliveries::drop_bodies(std::int64_t keep) {
  return tx_.run(
      "UPDATE deliveries SET body = ?3 WHERE id IN (SELECT id FROM deliveries WHERE length(body) > 0 AND "
      "id <= (SELECT id FROM deliveries ORDER BY id DESC LIMIT 1 OFFSET ?1) LIMIT ?2)",
      {keep, kDeliveriesPruned, Bytes("")});
}

Result<Delivery> Deliveries::get(DeliveryId id) const {
  return one(tx_, kDeliveryColumns + "body FROM deliveries WHERE id = ?1", {id}, delivery_of,
             "delivery " + to_string(id));
}

Result<Page<Delivery>> Deliveries::list(DeliveryFilter filter) const {
  Query query(kDeliveryColumns + "'' FROM deliveries");
  if (filter.before) query.where("id < ?", filter.before);
  if (filter.project) query.where("project = ?", filter.project);
  if (filter.decision) query.where("decision = ?", *filter.decision);
  return page(tx_, std::move(query), " ORDER BY id DESC", std::min(filter.limit, kMostDeliveries), delivery_of,
              [](const Delivery& d) { return d.id.value; });
}

}  // namespace slipway::store
