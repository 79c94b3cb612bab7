#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/rollouts/drift.hpp"
#include "orchestrator/rollouts/host_view.hpp"
#include "orchestrator/rollouts/parts.hpp"
#include "orchestrator/rollouts/target.hpp"
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/rollouts.hpp"

namespace slipway::rollouts {

struct ApplicationSummary {
  std::string name;
  ProjectId project;
  std::int64_t promoted = 0;  ///< generation; 0: none yet
  std::optional<Time> promoted_at;
  std::optional<store::Rollout> newest;  ///< rollout
};

/// One host, wanted against actual; or a swarm, whose services stand for their containers.
struct HostOfApplication {
  std::string host;
  std::string state;                  ///< ok, drifted, unhealthy or unknown (does not answer, or can't be asked)
  std::string reason;                 ///< of the last three
  std::vector<Shown> containers;      ///< those of old generations too; `digest` is that of what they really run
  std::vector<Drift> drift;           ///< what somebody changed there; while a rollout is in work, what it has to do
  std::optional<Time> drifted_since;  ///< when a look between rollouts first saw it; absent: none has
  bool former = false;                ///< the promoted generation is not for it, and it may serve one before that
};

struct ApplicationStatus {
  ApplicationSummary summary;
  std::map<std::string, std::string> images;  ///< service → what it should run, by digest
  std::vector<HostOfApplication> hosts;
};

struct ApplicationLine {
  std::string host, service, container;
  std::string stream;  ///< stdout or stderr
  std::string time;    ///< RFC 3339, as the Engine has it
  std::string text;
  bool ends = true;  ///< false: the next line of the stream goes on with it, if it has one by now
};

/// A host whose log lines are missing.
struct UnreadHost {
  std::string host, reason;
};

struct ApplicationLogs {
  std::vector<ApplicationLine> lines;
  std::vector<UnreadHost> unread;
};

/// What runs where: the store's word against the hosts'. Borrows `parts`.
class Inventory {
 public:
  explicit Inventory(Parts& parts) : parts_(parts) {}

  awaitable<Result<std::vector<ApplicationSummary>>> list();
  /// Asks the hosts; each has ten seconds.
  awaitable<Result<ApplicationStatus>> status(std::string application);
  /// Of running containers, the last `tail` lines each, by host and container; empty `service` or `host`: all. An error
  /// only if no host can be read; Kind::not_found if the application is not for that host.
  awaitable<Result<ApplicationLogs>> logs(std::string application, std::string service, std::string host,
                                          std::size_t tail);

 private:
  awaitable<Result<ApplicationSummary>> summary(store::Application application);
  awaitable<void> look(std::shared_ptr<const Target> target, HostOfApplication* into);
  awaitable<void> look_at_swarm(std::shared_ptr<const Target> target, HostOfApplication* into);
  awaitable<Result<std::vector<ApplicationLine>>> host_logs(Whose whose, std::string service, std::string host,
                                                            std::size_t tail);
  awaitable<Result<std::vector<ApplicationLine>>> swarm_logs(std::string application, std::string service,
                                                             std::string place, std::size_t tail);
  awaitable<Result<GenerationSpec>> promoted(store::Application application);
  awaitable<Result<std::vector<HostOfApplication>>> hosts_of(std::shared_ptr<const Target> target);
  awaitable<std::string> why_unknown(std::string application, std::string host);
  awaitable<Result<std::vector<HostOfApplication>>> former_hosts(std::shared_ptr<const Target> target);

  Parts& parts_;
};

}  // namespace slipway::rollouts
