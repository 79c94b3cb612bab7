#include "tests/integration/runs/mini_daemon.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>

#include <sys/wait.h>
#include <unistd.h>

#include "base/process.hpp"
#include "orchestrator/store/clock_anchor.hpp"
#include "orchestrator/store/events.hpp"
#include "orchestrator/store/jobs.hpp"
#include "orchestrator/store/runs.hpp"
#include "tests/integration/runs/required.hpp"
#include "tests/support/run_async.hpp"

namespace slipway::runs {

namespace fs = std::filesystem;

namespace {

awaitable<Result<ProjectAccess>> give(std::map<std::string, Secret> secrets, std::vector<Secret> former,
                                      RegistryGrants grants) {
  ProjectAccess access;
  access.secrets = std::move(secrets);
  access.former_secrets = std::move(former);
  access.registries = std::move(grants);
  co_return access;
}

std::string both(const ProcessOutcome& outcome) {
  return outcome.output + outcome.errors;
}

}  // namespace

awaitable<void> RecordingDeployer::until_stopped(DeploymentKey key, DeploymentNews news) {
  for (std::string told; !stopped.contains(key); co_await sleep_for(std::chrono::milliseconds(20))) {
    if (told == waits_for) continue;
    told = waits_for;
    news.waits(told);
  }
}

awaitable<Result<Outcome>> RecordingDeployer::deploy(DeployRequest request, DeploymentNews news) {
  news.say("deploying");
  const DeploymentKey key = request.key;
  requests.push_back(std::move(request));
  if (goes_on) {
    auto going = until_stopped(key, std::move(news));
    co_await std::move(going);
  }
  co_return goes_on ? Outcome{Verdict::cancelled, "stopped"} : Outcome();
}

awaitable<Result<std::optional<Outcome>>> RecordingDeployer::take_up(DeploymentKey key, DeploymentNews news) {
  if (!goes_on) co_return std::nullopt;
  taken_up.push_back(key);
  auto going = until_stopped(key, std::move(news));
  co_await std::move(going);
  co_return Outcome{Verdict::cancelled, "stopped"};
}

Site::Site() {
  std::string name = (fs::temp_directory_path() / "slipway-site-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()));
  folder = name;
  shell("git init -q -b main source; cd source; git config user.email d@e.example; git config user.name Dev");
}

Site::~Site() {
  std::error_code ignored;
  std::ifstream file(folder / "instance");
  std::string instance;
  file >> instance;
  if (!instance.empty()) {
    shell("for kind in container network volume; do ids=$(docker $kind ls -q --filter label=dev.slipway.instance=" +
          instance +
          " $([ $kind = container ] && echo -a)); [ -z \"$ids\" ] || docker $kind rm $([ $kind = network ] || " +
          "echo -f) $ids >/dev/null 2>&1 || :; done; ids=$(docker images -q --filter label=dev.slipway.instance=" +
          instance + "); [ -z \"$ids\" ] || docker rmi -f $ids >/dev/null 2>&1 || :");
  }
  fs::remove_all(folder, ignored);
}

std::string Site::shell(const std::string& script) const {
  ProcessSpec spec("sh", {"-ec", script});
  spec.directory = folder;
  spec.environment = {{"GIT_CONFIG_GLOBAL", "/dev/null"}};
  // What `docker` is asked for has to come from the engine that the tests speak to.
  if (const char* engine = std::getenv("SLIPWAY_TEST_ENGINE")) spec.environment["DOCKER_HOST"] = engine;
  const auto outcome = run_async(run_process(std::move(spec)));
  REQUIRE(outcome);
  INFO(both(*outcome));
  REQUIRE(outcome->exit_code == 0);
  return outcome->output.substr(0, outcome->output.find_last_not_of('\n') + 1);
}

std::string Site::commit(const std::map<std::string, std::string>& files) const {
  for (const auto& [name, content] : files) {
    const fs::path path = folder / "source" / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }
  return shell("cd source; git add -A; git commit -qm 'Change it'; git rev-parse HEAD");
}

MiniDaemon::MiniDaemon(const Site& site, docker::Endpoint endpoint, std::function<void(Settings&)> adjust,
                       Milliseconds transfer_lines)
    : engine(io.get_executor(), std::move(endpoint)),
      store(required(store::Store::open(site.folder / "store"))),
      logs(site.folder / "logs", io.get_executor(), pool),
      git(site.folder / "git"),
      watching_(io.get_executor()) {
  std::ofstream(site.folder / "instance") << store->instance();
  git.urls.local_paths = true;
  Collaborators with(*store, logs, engine, pool, clock, deployer, credentials, git);
  const Milliseconds anchor = deadlines.anchor();
  deadlines.set_anchor(required(run(store->write(&store::ClockAnchor::agree, boot_id(), anchor))));
  with.deadlines = deadlines;
  with.transfer_lines = transfer_lines;
  with.open_project = [this](store::Project) { return give(secrets, former_secrets, grants); };
  Settings settings;
  settings.work_folder = site.folder / "work";
  settings.memory_bytes = 64 << 20;
  settings.grace = std::chrono::seconds(2);
  settings.orphan_grace = std::chrono::seconds(0);
  if (adjust) adjust(settings);
  service.emplace(std::move(with), std::move(settings), io.get_executor());
  required(run(service->open()));
  watching_.spawn("watch", service->watch({}));
  if (required(run(store->read(&store::Projects::list))).empty()) {
    store::Project project;
    project.name = "shop";
    project.clone_url = (site.folder / "source").string();
    required(run(store->write(&store::Projects::add, std::move(project))));
  }
}

MiniDaemon::~MiniDaemon() {
  watching_.cancel();
  run_void(watching_.join());
  run_void(service->close());
  run_void(logs.close());
}

void MiniDaemon::run_void(awaitable<void> work) {
  bool done = false;
  asio::co_spawn(io, std::move(work), [&](std::exception_ptr) { done = true; });
  io.restart();
  while (!done) io.run_one();
}

awaitable<std::shared_ptr<AsyncLock::Held>> hold(std::shared_ptr<AsyncLock> lock) {
  co_return std::make_shared<AsyncLock::Held>(co_await lock->acquire());
}

std::string left_of_runs(const Site& site) {
  return site.shell(
      "ours=\"--filter label=dev.slipway.run --filter label=dev.slipway.instance=$(cat instance)\"; "
      "docker ps -a --format 'container {{.Names}}' $ours; docker volume ls --format 'volume {{.Name}}' $ours; "
      "[ ! -e work ] || ls work | sed 's/^/checkout /'");
}

void work_and_be_killed(const Site& site, const std::function<void(MiniDaemon&)>& work, docker::Endpoint endpoint) {
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    // Nothing may get out of here: the test's other cases are the parent's.
    try {
      MiniDaemon daemon(site, std::move(endpoint));
      work(daemon);
      if (::write(pipe[1], "+", 1) != 1) ::_exit(1);
      for (;;) daemon.io.run_one();
    } catch (...) {
      ::_exit(1);
    }
  }
  ::close(pipe[1]);
  char said = 0;
  REQUIRE(::read(pipe[0], &said, 1) == 1);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(pipe[0]);
}

RunId MiniDaemon::add(store::Run row) {
  row.project = ProjectId(1);
  const RunId id = required(run(store->write(&store::Runs::add, std::move(row))));
  required(run(store->write(&store::Runs::prepare, id, clock.now())));
  service->start(id);
  return id;
}

RunId MiniDaemon::push(const std::string& commit) {
  store::Run row;
  row.event = store::Trigger::push;
  row.ref = "refs/heads/main";
  row.branch = "main";
  row.commit = commit;
  row.trusted = true;
  return add(std::move(row));
}

RunId MiniDaemon::rerun_failed(RunId old) {
  store::Run row = required(run(store->read(&store::Runs::get, old)));
  row.state = store::RunState::queued;
  row.rerun_of = old;
  row.failed_only = true;
  return add(std::move(row));
}

SweepSummary MiniDaemon::sweep(const Settings& settings) {
  Collaborators with(*store, logs, engine, pool, clock, deployer, credentials, git);
  return required(run(sweep_orphans(with, settings, InCare())));
}

std::vector<RunId> MiniDaemon::take_up() {
  std::vector<RunId> ids;
  for (const store::Run& row : required(run(store->read(&store::Runs::unfinished)))) {
    ids.push_back(row.id);
    service->start(row.id);
  }
  return ids;
}

RunId MiniDaemon::take_up_one() {
  const std::vector<RunId> ids = take_up();
  REQUIRE(ids.size() == 1);
  return ids[0];
}

store::Run MiniDaemon::wait(RunId id) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  for (;;) {
    store::Run row = required(run(store->read(&store::Runs::get, id)));
    if (row.state == store::RunState::finished) return row;
    if (std::chrono::steady_clock::now() > limit) FAIL("run " << to_string(id) << " does not end");
    io.run_one_for(std::chrono::milliseconds(50));
  }
}

std::vector<store::Job> MiniDaemon::jobs(RunId id) {
  return required(run(store->read(&store::Jobs::list, id)));
}

std::vector<store::Attempt> MiniDaemon::attempts(RunId id) {
  return required(run(store->read(&store::Attempts::list, id)));
}

std::vector<std::string> MiniDaemon::events(RunId id) {
  store::EventFilter filter;
  filter.run = id;
  std::vector<std::string> kinds;
  for (const store::Event& event : required(run(store->read(&store::Events::list, std::move(filter)))).items) {
    kinds.push_back(event.kind);
  }
  return kinds;
}

std::string MiniDaemon::log(RunId id, const std::string& name) {
  std::string text;
  const logs::LogKey key(id, name);
  for (std::uint64_t at = 0;;) {
    const logs::LogChunk chunk = required(run(logs.read(key, at, 1 << 20)));
    for (const logs::Record& record : chunk.records) {
      const bool ours = record.stream == logs::Stream::slipway;
      text += ours ? "[" + record.text + "]" : record.text;
      if (record.ends_line) text += "\n";
    }
    if (chunk.records.empty()) return text;
    at = chunk.next;
  }
}

}  // namespace slipway::runs
