#include "orchestrator/daemon/daemon.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include "base/memory.hpp"
#include "orchestrator/auth/key_file.hpp"
#include "orchestrator/auth/tokens.hpp"
#include "orchestrator/checkout/git_command.hpp"
#include "orchestrator/daemon/app_actions.hpp"
#include "orchestrator/daemon/backups.hpp"
#include "orchestrator/daemon/commit_points.hpp"
#include "orchestrator/daemon/core.hpp"
#include "orchestrator/daemon/health.hpp"
#include "orchestrator/daemon/project_secrets.hpp"
#include "orchestrator/daemon/registry_access.hpp"
#include "orchestrator/daemon/restore.hpp"
#include "orchestrator/daemon/service_manager.hpp"
#include "orchestrator/http/backend.hpp"
#include "orchestrator/http/gate.hpp"
#include "orchestrator/http/server.hpp"
#include "orchestrator/logs/log_store.hpp"
#include "orchestrator/notify/notifier.hpp"
#include "orchestrator/queue/scheduler.hpp"
#include "orchestrator/rollouts/caddy/caddy_traffic.hpp"
#include "orchestrator/rollouts/haproxy/haproxy_traffic.hpp"
#include "orchestrator/rollouts/image_registries.hpp"
#include "orchestrator/rollouts/job_deployer.hpp"
#include "orchestrator/rollouts/rollouts.hpp"
#include "orchestrator/rollouts/traffic_by_host.hpp"
#include "orchestrator/runs/naming.hpp"
#include "orchestrator/runs/plan_mapping.hpp"
#include "orchestrator/runs/run_service.hpp"
#include "orchestrator/store/clock_anchor.hpp"
#include "orchestrator/store/retention.hpp"
#include "orchestrator/triggers/receiver.hpp"

namespace slipway::daemon {
namespace {

using namespace std::chrono_literals;

constexpr Duration stop_limit = 8s;  // under the 10 s that Docker grants a container

/// What has to be there before anything can be wired; opening it blocks and may fail.
struct Ground {
  std::unique_ptr<store::Store> store;
  std::vector<Secret> keys;
  images::Credentials credentials;
  checkout::GitSettings git;
  images::RegistrySettings registries;
};

Result<Ground> open_ground(const Settings& settings, store::CommitProbe& probe) {
  if (Result<void> whole = check_no_restore_under_way(settings.data); !whole) return fail(whole.error());
  store::StoreOptions options;
  options.probe = &probe;
  Result<std::unique_ptr<store::Store>> store = store::Store::open(settings.data, options);
  if (!store) return fail(store.error());
  Result<std::vector<Secret>> keys = auth::open_key_file(settings.data / "key");
  if (!keys) return fail(keys.error());
  Result<images::Credentials> credentials = load_credentials(settings);
  if (!credentials) return fail(credentials.error());
  checkout::GitSettings git(settings.data / "git");
  git.urls.local_paths = settings.allow_local_git;
  git.ca_file = settings.git_ca_file;
  git.known_hosts = settings.git_known_hosts;
  if (Result<void> prepared = checkout::prepare_git(git); !prepared) return fail(prepared.error());
  return Ground{std::move(*store), std::move(*keys), std::move(*credentials), std::move(git),
                registry_settings(settings)};
}

runs::Settings run_settings(const Settings& settings, const images::RegistrySettings& registries) {
  runs::Settings runs;
  runs.work_folder = settings.data / "work";
  runs.log_limit = static_cast<std::uint64_t>(settings.step_log);
  runs.registries = registries;
  runs.keep.runs = settings.keep_runs;
  runs.keep.age = std::chrono::days(settings.keep_days);
  runs.keep_images = static_cast<std::size_t>(settings.keep_images);
  return runs;
}

std::map<std::string, rollouts::Traffic*> on_hosts_with(const rollouts::caddy::CaddiesByHost& caddies,
                                                        rollouts::Traffic& caddy) {
  std::map<std::string, rollouts::Traffic*> hosts;
  for (const auto& [host, settings] : caddies) hosts[host] = &caddy;
  return hosts;
}

rollouts::ComposeRules compose_rules(const Settings& settings) {
  rollouts::ComposeRules rules;
  rules.certificates.emplace();
  for (const auto& [name, files] : settings.proxy.certificates) {
    rules.certificates->push_back(name);
    if (files.projects) rules.certificate_projects[name] = *files.projects;
  }
  rules.metrics.emplace();
  for (const auto& [name, source] : settings.metrics) rules.metrics->push_back(name);
  rules.log_drivers = settings.log_drivers;
  for (const rollouts::SwarmSettings& swarm : settings.swarms) rules.swarms.push_back(swarm.name);
  return rules;
}

http::ServerSettings server_settings(const Settings& settings) {
  http::ServerSettings server;
  server.address = settings.address();
  server.port = settings.port();
  server.unix_socket = settings.socket;
  server.trusted_proxies = settings.trusted_proxies;
  return server;
}

/// Everything, in the order in which it is needed; members go in the opposite one.
class Daemon {
 public:
  Daemon(asio::io_context& io, const Settings& settings, Ground ground);

  /// Recovers what an earlier process left, then listens.
  awaitable<Result<void>> start();
  /// Lets what runs in containers go on for the next process.
  awaitable<void> stop();

 private:
  runs::Collaborators collaborators();
  awaitable<Result<runs::ProjectAccess>> open_project(store::Project project);
  awaitable<Result<runs::RegistryGrants>> grants_of(ProjectId project);
  queue::Scheduler::Callbacks scheduler_callbacks();
  awaitable<Result<void>> show_first_token();
  Result<void> serve_reads_only();
  awaitable<Result<void>> wind_clock();
  awaitable<void> watch_engine();

  const Settings& settings_;
  Ground ground_;
  SystemClock clock_;
  DeadlineClock deadlines_;
  Pool pool_{4};  // the disk's; whoever answers by HTTP, or does not, has others (docs/decisions/0110)
  Pool context_pool_{4};
  Pool registry_pool_{16};
  Pool gate_pool_{16};
  Pool caddy_pool_{4};
  Pool forge_pool_{16};
  Tasks tasks_;
  store::Store& store_;
  auth::Vault vault_;
  auth::TokenDesk desk_;
  ProjectSecrets secrets_;
  docker::Engine engine_;
  logs::LogStore logs_;
  images::RegistryClient registry_client_;
  rollouts::ImageRegistries registries_;
  rollouts::HostDirectory hosts_;
  rollouts::haproxy::HaproxyTraffic haproxy_;
  rollouts::caddy::CaddyTraffic caddy_;
  rollouts::TrafficByHost traffic_;
  rollouts::Parts parts_;
  rollouts::Rollouts rollouts_;
  rollouts::JobDeployer deployer_;
  runs::RunService runs_;
  queue::Scheduler scheduler_;
  notify::Notifier notifier_;
  triggers::Receiver receiver_;
  ProjectActions project_actions_;
  RunActions run_actions_;
  TokenActions token_actions_;
  AppActions app_actions_;
  Backups backups_;
  Health health_;
  Core core_;
  http::Backend backend_;
  http::Router router_;
  http::Gate gate_;
  http::Server server_;
};

Daemon::Daemon(asio::io_context& io, const Settings& settings, Ground ground)
    : settings_(settings),
      ground_(std::move(ground)),
      tasks_(io.get_executor()),
      store_(*ground_.store),
      vault_(ground_.keys),
      desk_(store_, clock_),
      secrets_(store_, vault_),
      engine_(io.get_executor(), settings.engine),
      logs_(settings.data / "logs", io.get_executor(), pool_),
      registry_client_(registry_pool_, clock_, ground_.registries),
      registries_(registry_client_, ground_.credentials, [this](ProjectId project) { return grants_of(project); }),
      hosts_(io.get_executor(), store_.fleet(), settings.hosts, settings.swarms),
      haproxy_(hosts_, registries_, deadlines_, settings.proxy, store_.fleet()),
      caddy_(hosts_, caddy_pool_, deadlines_, settings.caddies, store_.fleet()),
      traffic_(haproxy_, on_hosts_with(settings.caddies, caddy_)),
      parts_{
          io.get_executor(),       store_,      hosts_,           registries_, secrets_, traffic_, gate_pool_, clock_,
          compose_rules(settings), &deadlines_, &settings.metrics},
      rollouts_(parts_),
      deployer_(rollouts_, store_, parts_.rules, tasks_),
      runs_(collaborators(), run_settings(settings, ground_.registries), io.get_executor()),
      scheduler_(io.get_executor(), store_, clock_,
                 {static_cast<std::size_t>(settings.runs), static_cast<std::size_t>(settings.runs_per_project)},
                 scheduler_callbacks()),
      notifier_(
          store_, forge_pool_, clock_, [this](const store::Project& project) { return secrets_.forge_token(project); },
          settings.public_url, ground_.git.ca_bundle().string()),
      receiver_(
          store_, pool_, clock_, [this](const store::Project& project) { return secrets_.hook_secret(project); },
          [this](const store::Project& project, const store::Run& run) { runs_.fetch_ahead(project, run); }),
      project_actions_(store_, vault_, clock_, ground_.git.urls, settings.public_url),
      run_actions_(store_, clock_),
      token_actions_(store_, desk_, clock_),
      app_actions_(parts_, rollouts_, secrets_),
      backups_(store_, pool_, clock_, settings.data),
      health_(store_, logs_, [this] { return runs_.engine_trouble(); }),
      core_(project_actions_, run_actions_, token_actions_, app_actions_, backups_, health_),
      backend_(store_, core_, logs_, receiver_),
      gate_(router_, desk_, clock_),
      server_(io.get_executor(), gate_, server_settings(settings)) {
  backend_.public_url = settings.public_url;
  backend_.version = SLIPWAY_VERSION;
  backend_.server = &server_;
  backend_.build_log = runs::build_log;
  backend_.work_log = runs::work_log;
  backend_.plan_log = runs::plan_log;
  backend_.planned_steps = runs::planned_steps;
  http::add_routes(router_, backend_);
}

runs::Collaborators Daemon::collaborators() {
  runs::Collaborators with(store_, logs_, engine_, pool_, clock_, deployer_, ground_.credentials, ground_.git);
  with.registry_pool = registry_pool_;
  with.context_pool = context_pool_;
  with.deadlines = deadlines_;
  with.open_project = [this](store::Project project) { return open_project(std::move(project)); };
  return with;
}

awaitable<Result<runs::ProjectAccess>> Daemon::open_project(store::Project project) {
  const runs::RegistryGrants grants = registry_grants(settings_, project.name);
  Result<runs::ProjectAccess> access = co_await secrets_.access(std::move(project));
  if (access) access->registries = grants;
  co_return access;
}

awaitable<Result<runs::RegistryGrants>> Daemon::grants_of(ProjectId project) {
  const Result<store::Project> owner = co_await store_.read(&store::Projects::get, project);
  if (!owner) co_return fail(owner.error());
  co_return registry_grants(settings_, owner->name);
}

queue::Scheduler::Callbacks Daemon::scheduler_callbacks() {
  queue::Scheduler::Callbacks callbacks;
  callbacks.start = [this](RunId run) { runs_.start(run); };
  callbacks.stop = [this](const store::Run& run) { runs_.stop(run.id, store::stop_reason(run)); };
  callbacks.may_start = [this] { return logs_.trouble().empty(); };
  return callbacks;
}

/// The first admin token goes to standard output and nowhere else: not into a log that is shipped away.
awaitable<Result<void>> Daemon::show_first_token() {
  Result<std::optional<auth::NewToken>> first = co_await desk_.create_first();
  if (!first) co_return fail(first.error().in("first token"));
  if (*first) {
    fmt::print("The first admin token, shown this once: token={}\n", (*first)->token.reveal());
    fmt::print("Keep it, and log in: slipway login --url {}\n", settings_.public_url);
    std::fflush(stdout);
  }
  co_return Result<void>();
}

awaitable<void> Daemon::watch_engine() {
  co_await runs_.watch([this](bool available) {
    log::info(available ? "engine answers" : "engine is out",
              {{"engine", settings_.engine.text()}, {"reason", runs_.engine_trouble()}});
    if (available) {
      scheduler_.release();
    } else {
      scheduler_.hold();
    }
  });
}

/// With a damaged journal nothing may be decided, and nothing that it does not name may be taken for an orphan: steps
/// and rollouts are left as they are, for the daemon that has it mended.
Result<void> Daemon::serve_reads_only() {
  if (Result<void> listening = server_.start(); !listening) return listening;
  const store::Condition damaged = store_.condition();
  log::error("slipwayd serves reads only, and does nothing else",
             {{"listen", settings_.listen}, {"reason", damaged.reason}, {"mend", damaged.hint}});
  return {};
}

/// As long as the machine is up, deadlines that an earlier process has set are told by the same clock.
awaitable<Result<void>> Daemon::wind_clock() {
  auto agreeing = store_.write(&store::ClockAnchor::agree, boot_id(), deadlines_.anchor());
  const Result<Milliseconds> anchor = co_await std::move(agreeing);
  if (!anchor) co_return fail(anchor.error());
  deadlines_.set_anchor(*anchor);
  co_return Result<void>();
}

awaitable<Result<void>> Daemon::start() {
  if (Result<void> ready = pool_.start(); !ready) co_return fail(ready.error().in("threads for the disk"));
  if (store_.condition().kind == store::Condition::Kind::read_only) co_return serve_reads_only();
  Result<void> wound = co_await wind_clock();
  if (!wound) co_return wound;
  Result<void> opened = co_await runs_.open();
  if (!opened) co_return opened;
  Result<void> recovered = co_await rollouts_.recover();
  if (!recovered) co_return fail(recovered.error().in("rollouts"));
  // Of a start that fails nobody keeps the token, and whoever finds the daemon ready finds the token, too.
  if (Result<void> bound = server_.bind(); !bound) co_return bound;
  Result<void> shown = co_await show_first_token();
  if (!shown) co_return shown;
  Result<void> listening = server_.start();
  if (!listening) co_return listening;
  give_memory_back();
  tasks_.spawn("engine watch", watch_engine());
  tasks_.spawn("scheduler", scheduler_.run());
  tasks_.spawn("notifier", notifier_.run());
  tasks_.spawn("retention", store::keep_tidy(store_, clock_));
  tasks_.spawn("retention of runs", runs_.keep_tidy());
  log::info("slipwayd serves",
            {{"listen", settings_.listen}, {"instance", store_.instance()}, {"version", SLIPWAY_VERSION}});
  co_return Result<void>();
}

awaitable<void> Daemon::stop() {
  co_await server_.stop(5s);
  notifier_.stop();
  tasks_.cancel();
  co_await tasks_.join();
  co_await runs_.close();
  co_await rollouts_.shut_down();
  co_await logs_.close();
}

void tell(const std::string& state) {
  const Result<void> told = tell_service_manager(state);
  if (!told) log::warn("the service manager is not told", {{"state", state}, {"error", told.error()}});
}

/// Serves until one of the signals comes. A second one ends the process at once.
awaitable<void> live(asio::io_context& io, Daemon& daemon, asio::signal_set& signals, Result<void>& outcome) {
  outcome = co_await daemon.start();
  if (outcome) {
    tell("READY=1");
    co_await signals.async_wait(use_awaitable);
    signals.clear();
    tell("STOPPING=1");
    log::info("slipwayd stops; steps go on in their containers");
  }
  // All that matters is in the journal, so a stop that hangs may be cut off: better than a SIGKILL from outside.
  asio::steady_timer limit(co_await asio::this_coro::executor, stop_limit);
  limit.async_wait([](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    log::warn("the stop took too long and is cut off; the next start goes on from the journal");
    std::_Exit(0);
  });
  co_await daemon.stop();
  limit.cancel();
  io.stop();  // idle connections to engines would keep it going
}

}  // namespace

Result<void> serve(const Settings& settings) {
  use_memory_sparingly();
  ::signal(SIGPIPE, SIG_IGN);
  asio::io_context io(1);
  CommitPoints points;
  Result<Ground> ground = open_ground(settings, points);
  if (!ground) return fail(ground.error());
  asio::signal_set signals(io, SIGINT, SIGTERM);
  Daemon daemon(io, settings, std::move(*ground));
  Result<void> outcome;
  spawn(io.get_executor(), "daemon", live(io, daemon, signals, outcome));
  io.run();
  return outcome;
}

}  // namespace slipway::daemon
