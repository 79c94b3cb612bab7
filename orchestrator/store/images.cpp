#include "orchestrator/store/images.hpp"

#include "orchestrator/store/query.hpp"
#include "orchestrator/store/timeline.hpp"

namespace slipway::store {

namespace {

const std::string kSelectPush =
    "SELECT run, image, repository, tag, config_id, digest, state, reason, updated FROM pushed_images ";

BuiltImage built_of(const Row& row) {
  BuiltImage b;
  row.into(b.run, b.name, b.config_id, b.tag, b.size, b.cached, b.built);
  return b;
}

PushedImage push_of(const Row& row) {
  PushedImage p;
  row.into(p.run, p.image, p.repository, p.tag, p.config_id, p.digest, p.state, p.reason, p.updated);
  return p;
}

Result<void> refuse(const std::string& repository, const std::string& tag) {
  return fail(Error::Kind::conflict, "push of " + repository + ":" + tag + ": the journal has no open intent for it");
}

}  // namespace

Result<void> Images::built(BuiltImage image) {
  tx_.run(
      "INSERT INTO built_images (run, name, config_id, tag, size, cached, built) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (run, name) DO UPDATE SET config_id = excluded.config_id, "
      "tag = excluded.tag, size = excluded.size, cached = excluded.cached, built = excluded.built",
      {image.run, image.name, image.config_id, image.tag, image.size, image.cached, image.built});
  tell(tx_, image.run, "image.built", image.built,
       {{"image", image.name}, {"config_id", image.config_id}, {"size", image.size}, {"cached", image.cached}});
  return {};
}

Result<void> Images::intend_push(PushedImage push) {
  const auto changed = tx_.run(
      "INSERT INTO pushed_images (run, image, repository, tag, config_id, digest, state, reason, updated) "
      "VALUES (?1, ?2, ?3, ?4, ?5, '', 'intent', '', ?6) ON CONFLICT (run, repository, tag) DO UPDATE SET "
      "image = excluded.image, config_id = excluded.config_id, digest = '', state = 'intent', reason = '', "
      "updated = excluded.updated "
      "WHERE pushed_images.state <> 'pushed' OR pushed_images.config_id <> excluded.config_id",
      {push.run, push.image, push.repository, push.tag, push.config_id, push.updated});
  if (changed == 0) return fail(Error::Kind::conflict, push.repository + ":" + push.tag + " is pushed already");
  tx_.mark("push.intent");
  return {};
}

Result<void> Images::pushed(RunId run, std::string repository, std::string tag, std::string digest, Time at) {
  const auto changed = tx_.run(
      "UPDATE pushed_images SET state = 'pushed', digest = ?4, updated = ?5 "
      "WHERE run = ?1 AND repository = ?2 AND tag = ?3 AND state = 'intent'",
      {run, repository, tag, digest, at});
  if (changed == 0) return refuse(repository, tag);
  tell(tx_, run, "image.pushed", at, {{"repository", repository}, {"tag", tag}, {"digest", digest}});
  return {};
}

Result<void> Images::push_failed(RunId run, std::string repository, std::string tag, std::string reason, Time at) {
  const auto changed = tx_.run(
      "UPDATE pushed_images SET state = 'failed', reason = ?4, updated = ?5 "
      "WHERE run = ?1 AND repository = ?2 AND tag = ?3 AND state = 'intent'",
      {run, repository, tag, clipped(reason), at});
  if (changed == 0) return refuse(repository, tag);
  tell(tx_, run, "image.push_failed", at, {{"repository", repository}, {"tag", tag}, {"reason", reason}});
  return {};
}

Result<void> Images::inherit(RunId run, RunId old) {
  tx_.run(
      "INSERT INTO built_images (run, name, config_id, tag, size, cached, built) "
      "SELECT ?1, name, config_id, tag, size, cached, built FROM built_images WHERE run = ?2 "
      "ON CONFLICT (run, name) DO NOTHING",
      {run, old});
  tx_.run(
      "INSERT INTO pushed_images (run, image, repository, tag, config_id, digest, state, reason, updated) "
      "SELECT ?1, image, repository, tag, config_id, digest, state, reason, updated FROM pushed_images "
      "WHERE run = ?2 AND state = 'pushed' ON CONFLICT (run, repository, tag) DO NOTHING",
      {run, old});
  tx_.mark("images.inherited");
  return {};
}

Result<std::vector<BuiltImage>> Images::built_by(RunId run) const {
  return rows(tx_,
              "SELECT run, name, config_id, tag, size, cached, built FROM built_images WHERE run = ?1 ORDER BY name",
              {run}, built_of);
}

Result<std::vector<PushedImage>> Images::pushed_by(RunId run) const {
  return rows(tx_, kSelectPush + "WHERE run = ?1 ORDER BY repository, tag", {run}, push_of);
}

Result<PushedImage> Images::find_push(std::string repository, std::string digest) const {
  return one(tx_, kSelectPush + "WHERE repository = ?1 AND digest = ?2 AND state = 'pushed' ORDER BY run DESC LIMIT 1",
             {repository, digest}, push_of, "push of " + digest + " to " + repository);
}

}  // namespace slipway::store
