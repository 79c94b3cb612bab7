#include "orchestrator/store/schema.hpp"

namespace slipway::store {

const char* const kSchemaV1 = R"sql(
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  expires INTEGER,
  last_used INTEGER,
  revoked INTEGER
) STRICT;
CREATE UNIQUE INDEX tokens_by_name ON tokens (name) WHERE revoked IS NULL;

CREATE TABLE projects (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  clone_url TEXT NOT NULL,
  forge TEXT NOT NULL,
  default_branch TEXT NOT NULL,
  settings TEXT NOT NULL,
  clone_username TEXT NOT NULL,
  sealed_clone_password TEXT NOT NULL,
  sealed_clone_ssh_key TEXT NOT NULL,
  sealed_hook_secret TEXT NOT NULL,
  sealed_forge_token TEXT NOT NULL,
  created INTEGER NOT NULL,
  removed INTEGER,
  last_run INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX projects_by_name ON projects (name) WHERE removed IS NULL;

CREATE TABLE project_secrets (
  project INTEGER NOT NULL REFERENCES projects (id),
  name TEXT NOT NULL,
  sealed TEXT NOT NULL,
  updated INTEGER NOT NULL,
  PRIMARY KEY (project, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  project INTEGER REFERENCES projects (id),
  source TEXT NOT NULL,
  event TEXT NOT NULL,
  external_id TEXT NOT NULL,
  replay_key TEXT NOT NULL,
  received INTEGER NOT NULL,
  headers TEXT NOT NULL,
  body BLOB NOT NULL CHECK (length(body) <= 1048576),
  decision TEXT NOT NULL,
  reason TEXT NOT NULL,
  run INTEGER REFERENCES runs (id)
) STRICT;
CREATE UNIQUE INDEX deliveries_by_replay_key ON deliveries (project, replay_key)
  WHERE decision = 'accepted' AND replay_key <> '';
CREATE INDEX deliveries_by_decision ON deliveries (decision);

CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  project INTEGER NOT NULL REFERENCES projects (id),
  number INTEGER NOT NULL,
  event TEXT NOT NULL,
  ref TEXT NOT NULL,
  branch TEXT NOT NULL,
  tag TEXT NOT NULL,
  commit_id TEXT NOT NULL,
  base_commit TEXT NOT NULL,
  title TEXT NOT NULL,
  author TEXT NOT NULL,
  pull_request INTEGER NOT NULL,
  trusted INTEGER NOT NULL,
  parameters TEXT NOT NULL,
  context TEXT NOT NULL,
  delivery INTEGER REFERENCES deliveries (id) ON DELETE SET NULL,
  state TEXT NOT NULL,
  verdict TEXT NOT NULL DEFAULT 'none',
  reason TEXT NOT NULL DEFAULT '',
  created INTEGER NOT NULL,
  started INTEGER,
  finished INTEGER,
  deadline INTEGER,
  plan TEXT NOT NULL DEFAULT '{}',
  rerun_of INTEGER REFERENCES runs (id),
  attempt INTEGER NOT NULL,
  failed_only INTEGER NOT NULL,
  cancel_requested INTEGER,
  cancelled_by TEXT NOT NULL DEFAULT '',
  superseded_by INTEGER REFERENCES runs (id),
  supersede_key TEXT NOT NULL,
  UNIQUE (project, number)
) STRICT;
CREATE INDEX runs_unfinished ON runs (id) WHERE state <> 'finished';
CREATE INDEX runs_by_project ON runs (project, id);
CREATE INDEX runs_by_commit ON runs (commit_id);
CREATE INDEX runs_by_verdict ON runs (verdict);
CREATE INDEX runs_by_delivery ON runs (delivery) WHERE delivery IS NOT NULL;

CREATE TABLE jobs (
  run INTEGER NOT NULL REFERENCES runs (id),
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  state TEXT NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  deadline INTEGER,
  stop_reason TEXT NOT NULL,
  started INTEGER,
  finished INTEGER,
  PRIMARY KEY (run, kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL REFERENCES runs (id),
  job TEXT NOT NULL,
  step TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  role TEXT NOT NULL,
  position INTEGER NOT NULL,
  state TEXT NOT NULL,
  container_name TEXT NOT NULL UNIQUE,
  container_id TEXT NOT NULL,
  spec_hash TEXT NOT NULL,
  log_name TEXT NOT NULL,
  detail TEXT NOT NULL,
  created INTEGER NOT NULL,
  started INTEGER,
  deadline INTEGER,
  finished INTEGER,
  exit_code INTEGER,
  oom INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  raw_offset INTEGER NOT NULL DEFAULT 0,
  stored_offset INTEGER NOT NULL DEFAULT 0,
  content_bytes INTEGER NOT NULL DEFAULT 0,
  sha256 TEXT NOT NULL DEFAULT '',
  truncated INTEGER NOT NULL DEFAULT 0,
  gap INTEGER NOT NULL DEFAULT 0,
  UNIQUE (run, job, step, attempt)
) STRICT;
CREATE INDEX attempts_open ON attempts (id) WHERE state <> 'removed';

CREATE TABLE built_images (
  run INTEGER NOT NULL REFERENCES runs (id),
  name TEXT NOT NULL,
  config_id TEXT NOT NULL,
  tag TEXT NOT NULL,
  size INTEGER NOT NULL,
  cached INTEGER NOT NULL,
  built INTEGER NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE pushed_images (
  run INTEGER NOT NULL REFERENCES runs (id),
  image TEXT NOT NULL,
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  config_id TEXT NOT NULL,
  digest TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  updated INTEGER NOT NULL,
  PRIMARY KEY (run, repository, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX pushed_images_by_digest ON pushed_images (repository, digest);

CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  run INTEGER,
  project INTEGER,
  rollout INTEGER,
  application TEXT NOT NULL,
  kind TEXT NOT NULL,
  data TEXT NOT NULL CHECK (length(data) <= 16384)
) STRICT;
CREATE INDEX events_by_run ON events (run, seq) WHERE run IS NOT NULL;
CREATE INDEX events_by_rollout ON events (rollout, seq) WHERE rollout IS NOT NULL;

CREATE TABLE applications (
  name TEXT PRIMARY KEY,
  project INTEGER REFERENCES projects (id),
  promoted INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  last_generation INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE generations (
  application TEXT NOT NULL REFERENCES applications (name),
  number INTEGER NOT NULL,
  run INTEGER REFERENCES runs (id),
  compose TEXT NOT NULL,
  images TEXT NOT NULL,
  refs TEXT NOT NULL,
  created INTEGER NOT NULL,
  promoted INTEGER,
  PRIMARY KEY (application, number)
) STRICT;

CREATE TABLE rollouts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  application TEXT NOT NULL,
  generation INTEGER NOT NULL,
  run INTEGER REFERENCES runs (id),
  job TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  ended INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '',
  plan TEXT NOT NULL,
  progress TEXT NOT NULL,
  fence INTEGER NOT NULL DEFAULT 0,
  requested_by TEXT NOT NULL,
  created INTEGER NOT NULL,
  finished INTEGER,
  FOREIGN KEY (application, generation) REFERENCES generations (application, number)
) STRICT;
CREATE UNIQUE INDEX rollouts_by_job ON rollouts (run, job, attempt) WHERE run IS NOT NULL;
CREATE INDEX rollouts_by_application ON rollouts (application, id);
CREATE INDEX rollouts_open ON rollouts (id) WHERE ended = 0;

CREATE TABLE rollout_hosts (
  rollout INTEGER NOT NULL REFERENCES rollouts (id),
  host TEXT NOT NULL,
  batch INTEGER NOT NULL,
  state TEXT NOT NULL,
  old_containers TEXT NOT NULL,
  new_containers TEXT NOT NULL,
  digest TEXT NOT NULL,
  detail TEXT NOT NULL,
  updated INTEGER NOT NULL,
  PRIMARY KEY (rollout, host)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  about TEXT NOT NULL,
  payload TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending',
  error TEXT NOT NULL DEFAULT '',
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'pending';
CREATE INDEX outbox_by_state ON outbox (state, created);

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
)sql";

const char* const kSchemaV2 = R"sql(
CREATE INDEX deliveries_by_run ON deliveries (run);
CREATE INDEX runs_by_rerun_of ON runs (rerun_of);
CREATE INDEX runs_by_superseded_by ON runs (superseded_by);
CREATE INDEX generations_by_run ON generations (run);
CREATE INDEX rollouts_by_run ON rollouts (run);
)sql";

const char* const kSchemaV3 = R"sql(
CREATE TABLE drift (
  application TEXT NOT NULL REFERENCES applications (name),
  host TEXT NOT NULL,
  what TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (application, host)
) STRICT, WITHOUT ROWID;
)sql";

const char* const kSchemaV4 = R"sql(
ALTER TABLE tokens ADD COLUMN roles TEXT NOT NULL DEFAULT '';
)sql";

const char* const kSchemaV5 = R"sql(
ALTER TABLE audit ADD COLUMN rollout INTEGER;
CREATE INDEX audit_by_rollout ON audit (rollout) WHERE rollout IS NOT NULL;
ALTER TABLE rollouts ADD COLUMN evidence TEXT NOT NULL DEFAULT '{}';
CREATE TABLE rollout_trail (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  rollout INTEGER NOT NULL REFERENCES rollouts (id),
  at INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  host TEXT NOT NULL,
  what TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX rollout_trail_by_rollout ON rollout_trail (rollout, id);
)sql";

const char* const kSchemaV6 = R"sql(
ALTER TABLE outbox ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;
)sql";

const char* const kSchemaV7 = R"sql(
ALTER TABLE deliveries ADD COLUMN past_key TEXT NOT NULL DEFAULT '';
CREATE INDEX deliveries_by_past_key ON deliveries (project, external_id, past_key) WHERE past_key <> '';
)sql";

const char* const kSchemaV8 = R"sql(
ALTER TABLE attempts ADD COLUMN stop_reason TEXT NOT NULL DEFAULT '';
UPDATE attempts SET stop_reason = coalesce((
    SELECT j.stop_reason FROM jobs j WHERE j.run = attempts.run AND j.kind = 'run' AND j.name = attempts.job
    AND j.attempt = attempts.attempt AND j.state <> 'finished'), '')
  WHERE role = 'step' AND state IN ('created', 'running');
)sql";

const char* const kSchemaV9 = R"sql(
CREATE TABLE former_secrets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  project INTEGER NOT NULL REFERENCES projects (id),
  name TEXT NOT NULL,
  sealed TEXT NOT NULL,
  last_run INTEGER NOT NULL
) STRICT;
CREATE INDEX former_secrets_by_project ON former_secrets (project, last_run);
)sql";

const char* const kSchemaV10 = R"sql(
ALTER TABLE jobs ADD COLUMN time_left INTEGER;
)sql";

}  // namespace slipway::store
