#pragma once
#include <functional>
#include <map>
#include <memory>

#include "docker-client/builds.hpp"
#include "docker-client/engine.hpp"
#include "docker-client/images.hpp"
#include "images/credentials.hpp"
#include "images/registry_client.hpp"
#include "orchestrator/checkout/repository.hpp"
#include "orchestrator/logs/log_store.hpp"
#include "orchestrator/runs/deployer.hpp"
#include "orchestrator/runs/registry_grants.hpp"
#include "orchestrator/runs/transfer_report.hpp"
#include "orchestrator/store/old_runs.hpp"
#include "orchestrator/store/projects.hpp"
#include "orchestrator/store/store.hpp"

namespace slipway::runs {

/// What the daemon decides about runs.
struct Settings {
  Settings() = default;
  std::filesystem::path work_folder;  ///< checkouts of runs under way; owned
  Limits limits;
  double cpus = 2;  ///< defaults of a container
  std::int64_t memory_bytes = 2LL << 30;
  std::int64_t pids = 1024;
  std::uint64_t log_limit = 64 << 20;     ///< of one step
  std::chrono::seconds grace{10};         ///< between the stop signal and SIGKILL
  std::chrono::seconds orphan_grace{60};  ///< how old something of ours that nobody knows must be to go
  store::RunRetention keep;               ///< what stays of finished runs
  std::size_t keep_images = 5;            ///< of each image that pipelines build
  std::size_t keep_commits = 200;         ///< in a project's mirror
  images::RegistrySettings registries;
};

/// What a run needs of its project, decrypted.
struct ProjectAccess {
  std::map<std::string, Secret> secrets;  ///< by name; all that there are
  std::vector<Secret> former_secrets;     ///< replaced or removed since; a run under way may show them
  checkout::GitCredentials git;
  RegistryGrants registries;  ///< where a run of it is more than anybody
};

/// Everything that runs work with, owned by the daemon and borrowed.
struct Collaborators {
  Collaborators(store::Store& s, logs::LogStore& l, docker::Engine& e, Pool& p, const Clock& c, Deployer& d,
                const images::Credentials& r, const checkout::GitSettings& g)
      : store(s),
        logs(l),
        engine(e),
        pool(p),
        registry_pool(p),
        context_pool(p),
        clock(c),
        deadlines(c),
        deployer(d),
        registries(r),
        git(g) {}
  store::Store& store;
  logs::LogStore& logs;
  docker::Engine& engine;
  Pool& pool;  ///< the disk's
  /// For what registries are asked by HTTP. The same unless it is set: to one that a registry which never answers may
  /// fill.
  std::reference_wrapper<Pool> registry_pool;
  /// For what repositories' Dockerfiles and ignore files make slow. The same unless it is set.
  std::reference_wrapper<Pool> context_pool;
  const Clock& clock;
  /// By which it is told how long things may take. The same unless it is set: to one that no step of the wall clock
  /// moves.
  std::reference_wrapper<const Clock> deadlines;
  Deployer& deployer;
  const images::Credentials& registries;
  const checkout::GitSettings& git;
  /// Opens what is sealed in the project and its secrets.
  std::function<awaitable<Result<ProjectAccess>>(store::Project project)> open_project;
  /// How often logs tell of transfers, at most.
  Milliseconds transfer_lines = kTransferInterval;
};

}  // namespace slipway::runs
