#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/secret.hpp"
#include "orchestrator/http/message.hpp"

/// What the HTTP API asks the daemon to do. Reads of runs, jobs, deliveries and events go to the store instead.
namespace slipway::http {

/// Who asks: the name of the token, for the audit trail and the run's timeline.
using Actor = std::string;

struct TriggerOrder {
  std::string project;
  std::string ref;     ///< branch or tag, short or full; empty: the project's default branch
  std::string commit;  ///< 40 hex digits; empty: what `ref` points to now
  std::map<std::string, std::string> parameters;
};

/// A project as the API takes it. In a change, what is absent stays as it is.
struct ProjectInput {
  std::string name;
  std::optional<std::string> clone_url;
  std::optional<std::string> default_branch;
  std::optional<std::string> pipeline_file;
  std::optional<std::string> forge;      ///< github, gitlab, gitea, forgejo, bitbucket or none
  std::optional<std::string> forge_url;  ///< base URL of the forge's API
  std::optional<Secret> forge_token;     ///< for commit statuses
  std::optional<Secret> hook_secret;     ///< absent on creation: one is made
  std::optional<std::string> clone_username;
  std::optional<Secret> clone_password;
  std::optional<Secret> clone_ssh_key;
  std::optional<std::string> fork_policy;  ///< what pull requests from forks get: run, approve or ignore
  std::optional<bool> supersede;           ///< a newer run of the same branch cancels an older one
  std::optional<bool> allow_unsigned;      ///< take Bitbucket deliveries that carry no signature
  std::optional<int> max_runs;             ///< runs at the same time; 0: the daemon's limit alone
};

struct CreatedProject {
  ProjectId id;
  Secret hook_secret;    ///< shown once if it was made here; else empty
  std::string hook_url;  ///< where the forge posts to
};

struct TokenInput {
  std::string name;
  std::string role;                  ///< viewer, maintainer or admin
  std::vector<std::string> roles;    ///< further ones, for approvals
  std::optional<std::int64_t> days;  ///< absent: does not expire
};

struct CreatedToken {
  TokenId id;
  Secret token;  ///< shown once
};

/// One container of an application on one host.
struct AppContainer {
  std::string service;
  std::string name;
  std::string digest;  ///< of what it really runs
  std::string state;   ///< as the engine says: running, exited, …
  std::string health;
  std::string wanted;  ///< the digest it should run; empty: nothing asks for it
};

/// What somebody changed on a host since its generation was promoted.
struct AppDrift {
  std::string kind;  ///< missing, stopped, paused, renamed, foreign, changed or surplus
  std::string service;
  std::string container;
  std::string what;  ///< in words
};

struct AppHost {
  std::string host;
  std::string state;            ///< ok, drifted, unhealthy or unknown (does not answer)
  std::int64_t generation = 0;  ///< that it runs; 0: none, or not known
  std::string reason;
  std::vector<AppContainer> containers;
  std::vector<AppDrift> drift;
  std::optional<Time> drifted_since;  ///< when a look between rollouts first saw it; absent: none has
};

struct AppSummary {
  std::string name;
  std::string project;
  std::int64_t generation = 0;  ///< the promoted one; 0: none yet
  std::string rollout_state;
  std::optional<Time> promoted_at;
};

struct AppApproval {
  std::string by;
  std::string role;  ///< by which it counts
  Time at{};
  std::string reason;
};

/// A rollout that has not begun.
struct AppWaiting {
  RolloutId rollout;
  std::int64_t generation = 0;
  std::string kind;
  std::string state;                          ///< queued or waiting
  std::string reason;                         ///< what it waits for
  std::string asked_by;                       ///< a run, or a token's name
  std::vector<std::string> roles;             ///< one of which may approve it; empty: it needs no approval (any more)
  std::vector<AppApproval> approvals;         ///< given so far
  std::map<std::string, std::string> images;  ///< service → reference with digest: what an approval approves
};

struct AppStatus {
  AppSummary summary;
  std::vector<AppWaiting> waiting;            ///< in the order in which they were asked for
  std::map<std::string, std::string> images;  ///< service → reference with digest
  std::vector<AppHost> hosts;
};

/// What the daemon's own requests to an application's routes saw during one stage of a rollout.
struct ProbeStage {
  std::string stage;  ///< "pulling", "batch 1", …
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;     ///< no answer, or a status of 500 and more
  std::uint64_t unreachable = 0;  ///< neither: the host itself did not answer
  std::uint64_t unanswered = 0;   ///< neither: nothing was known of them at the end
  std::int64_t p50_ms = 0, p90_ms = 0, p99_ms = 0, max_ms = 0;
};

struct RolloutSummary {
  RolloutId id;
  std::string app;
  std::int64_t generation = 0;
  std::string kind;  ///< deploy, redeploy, rollback, catch_up, heal or adopt
  std::string state;
  std::string reason;
  std::string actor;
  RunId run;  ///< 0: not by a run
  Time started_at{};
  std::optional<Time> ended_at;
  std::map<std::string, std::string> images;
  std::vector<ProbeStage> probes;  ///< empty: nobody asked
};

/// One thing that happened in a rollout, or that somebody said about it.
struct RolloutEntry {
  Time at{};
  std::int64_t fence = 0;  ///< of the lease under which it was done; 0: none
  std::string host;        ///< empty: the rollout as a whole
  std::string who;         ///< a token's name; empty: slipway
  std::string what;        ///< a state, or a verb such as app.approve
  std::string detail;
};

struct RolloutAudit {
  RolloutSummary rollout;
  std::int64_t fence = 0;             ///< of its newest lease; 0: it has not begun
  std::string evidence = "{}";        ///< JSON: the run that it comes from, what its jobs came to, what it pushed
  std::vector<RolloutEntry> entries;  ///< oldest first
};

struct AppAdoption {
  std::string app;
  std::string project;                     ///< by name; empty: the one that the hosts say
  std::optional<std::int64_t> generation;  ///< that is promoted; absent: the hosts have to agree
};

/// A project of Docker Compose, of the application's name, that becomes the application.
struct AppTakeover {
  std::string app;
  std::string project;  ///< by name
  std::string compose;  ///< the file's text
  std::string path;     ///< for messages
  std::string group;    ///< overrides the file's targets; may be empty
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;  ///< that the file names, by the path it writes
};

struct AppTaken {
  AppStatus status;
  std::vector<std::string> notes;  ///< what the next deployment will replace, and why
};

/// Somebody's word on a rollout that waits for approval.
struct AppWord {
  std::string app;
  std::optional<std::int64_t> generation;  ///< the one that is meant; absent: the oldest that waits
  bool reject = false;
  std::string reason;
  std::vector<std::string> roles;  ///< of who speaks
};

struct AppLogsOrder {
  std::string app;
  std::string service;     ///< empty: all
  std::string host;        ///< empty: all
  std::size_t tail = 100;  ///< lines per container, at most 10 000
};

struct AppLogLine {
  std::string host;
  std::string service;
  std::string container;
  std::string stream;
  std::string time;
  std::string text;
};

struct AppLogs {
  struct Unread {
    std::string host;
    std::string reason;
  };
  std::vector<AppLogLine> lines;
  std::vector<Unread> unread;  ///< hosts whose lines are missing
};

struct HostStatus {
  std::string name;
  std::string endpoint;  ///< without credentials
  std::vector<std::string> groups;
  std::string state;  ///< ok or unreachable
  std::string engine_version;
  std::string reason;
};

/// A wish about an application's rollout that is in work.
enum class RolloutWish {
  pause,        ///< after the batch in work
  resume,       ///< where it was paused
  stop,         ///< after the batch in work; hosts stay as they are
  roll_back,    ///< at once
  promote,      ///< end the pause or the baking it is in
  promote_all,  ///< and leave out those to come
};

/// One thing the daemon needs to work: its store, its engine, its disk.
struct Check {
  std::string name;
  bool ok = false;
  std::string message;  ///< what is wrong; empty if nothing is
  std::string hint;     ///< what that means, and how it is mended
};

/// Implemented by the daemon. Everything here is committed before it returns; names that nothing has are
/// Kind::not_found, states that forbid it Kind::conflict. Called on the io thread; borrows nothing beyond the call.
class Actions {
 public:
  virtual ~Actions() = default;

  virtual awaitable<Result<RunId>> trigger(TriggerOrder order, Actor actor) = 0;
  virtual awaitable<Result<void>> cancel(RunId run, Actor actor) = 0;
  /// A new run of the same commit and parameters.
  virtual awaitable<Result<RunId>> rerun(RunId run, Actor actor) = 0;
  /// A new run in which the jobs that passed before count as passed.
  virtual awaitable<Result<RunId>> rerun_failed(RunId run, Actor actor) = 0;
  /// Lets a run that waits for an approval go on.
  virtual awaitable<Result<void>> approve(RunId run, Actor actor) = 0;

  virtual awaitable<Result<CreatedProject>> add_project(ProjectInput project, Actor actor) = 0;
  virtual awaitable<Result<void>> update_project(ProjectInput project, Actor actor) = 0;
  virtual awaitable<Result<void>> remove_project(std::string name, Actor actor) = 0;
  virtual awaitable<Result<void>> set_secret(std::string project, std::string name, Secret value, Actor actor) = 0;
  virtual awaitable<Result<void>> remove_secret(std::string project, std::string name, Actor actor) = 0;

  virtual awaitable<Result<CreatedToken>> create_token(TokenInput token, Actor actor) = 0;
  virtual awaitable<Result<void>> revoke_token(TokenId token, Actor actor) = 0;

  virtual awaitable<Result<std::vector<AppSummary>>> list_apps() = 0;
  virtual awaitable<Result<AppStatus>> app_status(std::string app) = 0;
  /// The same, with what it finds recorded. Kind::conflict while a rollout is in work.
  virtual awaitable<Result<AppStatus>> look_for_drift(std::string app) = 0;
  /// Newest first.
  virtual awaitable<Result<std::vector<RolloutSummary>>> app_history(std::string app, std::size_t limit) = 0;
  /// What is known of each of the newest rollouts, the newest first.
  virtual awaitable<Result<std::vector<RolloutAudit>>> app_audit(std::string app, std::size_t limit) = 0;
  virtual awaitable<Result<RolloutAudit>> rollout_audit(RolloutId rollout) = 0;
  virtual awaitable<Result<AppLogs>> app_logs(AppLogsOrder order) = 0;
  /// Back to the last promoted generation before the present one.
  virtual awaitable<Result<RolloutId>> roll_back(std::string app, bool force, Actor actor) = 0;
  /// The promoted generation once more; `recreate`: with new containers throughout.
  virtual awaitable<Result<RolloutId>> redeploy(std::string app, bool recreate, Actor actor) = 0;
  /// Answers the rollout it is about.
  virtual awaitable<Result<RolloutId>> ask_rollout(std::string app, RolloutWish wish, Actor actor) = 0;
  /// Answers the rollout it is about. Kind::forbidden without the role that its file asks for.
  virtual awaitable<Result<RolloutId>> approve_rollout(AppWord word, Actor actor) = 0;
  /// Lets the one that waits for its window begin outside of it.
  virtual awaitable<Result<RolloutId>> begin_outside_window(std::string app, Actor actor) = 0;
  /// Rebuilds what a lost store knew of an application from what its hosts carry.
  virtual awaitable<Result<AppStatus>> adopt(AppAdoption adoption, Actor actor) = 0;
  virtual awaitable<Result<AppTaken>> take_over(AppTakeover takeover, Actor actor) = 0;
  virtual awaitable<Result<std::vector<HostStatus>>> list_hosts() = 0;

  /// A backup of all that the daemon keeps but its key file, as a tar that is made while it is sent; `with_logs`: with
  /// the runs' logs. One at a time: another is Kind::conflict.
  virtual awaitable<Result<std::unique_ptr<Stream>>> backup(bool with_logs, Actor actor) = 0;

  /// What `/readyz` reports; answers at once from what is known.
  virtual awaitable<std::vector<Check>> readiness() = 0;
  /// Prometheus text of the daemon's own figures; appended to the server's.
  virtual awaitable<std::string> metrics() = 0;
};

}  // namespace slipway::http
