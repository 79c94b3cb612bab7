#include "tests/integration/runs/bench.hpp"

#include <cstdlib>

#include "orchestrator/runs/anchor_image.hpp"
#include "orchestrator/runs/workspace_tar.hpp"
#include "orchestrator/store/projects.hpp"
#include "orchestrator/store/runs.hpp"
#include "tests/integration/runs/required.hpp"

namespace slipway::runs {

namespace fs = std::filesystem;

namespace {

fs::path make_folder() {
  std::string name = (fs::temp_directory_path() / "slipway-runs-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()));
  return name;
}

awaitable<Result<docker::RegistryAuth>> nobody(std::string) {
  co_return docker::RegistryAuth();
}

awaitable<Result<std::pair<std::string, std::string>>> give_network(std::string network, std::string image) {
  co_return std::pair(std::move(network), std::move(image));
}

}  // namespace

docker::Endpoint test_engine() {
  const char* given = std::getenv("SLIPWAY_TEST_ENGINE");
  return required(docker::parse_endpoint(given ? given : "unix:///var/run/docker.sock"));
}

Bench::Bench()
    : folder(make_folder()),
      engine(io.get_executor(), test_engine()),
      watch(engine, io.get_executor()),
      cleanup(io.get_executor()),
      watching(io.get_executor()) {
  store = required(store::Store::open(folder / "store"));
  logs.emplace(folder / "logs", io.get_executor(), pool);
  images.emplace(engine.images(), watch, nobody, io.get_executor());
  instance = store->instance();
  watching.spawn("watch", watch.run({}));
  tools.emplace(StepTools(engine, watch, *logs, *store, clock), *images, cleanup, in_care);
  network = required(run(ensure_job_network(engine, instance)));
  anchor_image = required(run(ensure_anchor_image(engine.images(), "test")));
  tools->network = [this] { return give_network(network, anchor_image); };
  tools->fill = [this](std::string container, std::string source) {
    return engine.archives().put(std::move(container), std::string(kWorkspace), workspace_tar(pool, source));
  };
  store::Project project;
  project.name = "shop";
  project.clone_url = "https://forge.example/shop.git";
  required(run(store->write(&store::Projects::add, std::move(project))));
}

Bench::~Bench() {
  finish_clean_up();
  run(images->close());
  for (const docker::ContainerSummary& container : containers()) {
    docker::RemoveContainer how;
    how.force = true;
    how.volumes = true;
    (void)run(engine.containers().remove(container.id, how));
  }
  (void)run(engine.networks().remove(network));
  watching.cancel();
  run(watching.join());
  run(logs->close());
  store.reset();
  fs::remove_all(folder);
}

void Bench::run(awaitable<void> work) {
  bool done = false;
  std::exception_ptr escaped;
  asio::co_spawn(io, std::move(work), [&](std::exception_ptr e) {
    escaped = e;
    done = true;
  });
  io.restart();
  while (!done) io.run_one();
  if (escaped) std::rethrow_exception(escaped);
}

JobOrder Bench::order(std::vector<std::string> commands) {
  store::Run row;
  row.project = ProjectId(1);
  row.commit = std::string(40, 'a');
  const RunId id = required(run(store->write(&store::Runs::add, std::move(row))));
  required(run(store->write(&store::Runs::prepare, id, clock.now())));
  store::Job job;
  job.name = "unit";
  std::vector<store::Job> jobs = {job};
  required(run(store->write(&store::Runs::start, id, std::string("{}"), std::move(jobs), clock.now(), clock.now())));
  JobOrder order(AttemptName(instance, id, "unit", 1));
  StepSpec step;
  step.name = "test";
  step.image.reference = "busybox:latest";
  step.commands = std::move(commands);
  order.steps.push_back(std::move(step));
  order.offline = true;
  order.limits.memory_bytes = 64 << 20;
  order.masks = std::make_shared<const logs::MaskPatterns>(std::vector<Secret>{});
  order.grace = std::chrono::seconds(2);
  order.deadline = clock.now() + std::chrono::minutes(10);
  return order;
}

std::shared_ptr<JobRun> Bench::make_job(JobOrder order) {
  std::vector<store::Attempt> records = required(run(store->read(&store::Attempts::list, order.name.run)));
  return std::make_shared<JobRun>(*tools, std::move(order), std::move(records), io.get_executor());
}

Outcome Bench::run_job(JobOrder order) {
  const auto job = make_job(std::move(order));
  Outcome outcome = required(run(job->run()));
  finish_clean_up();
  return outcome;
}

void Bench::finish_clean_up() {
  run(cleanup.join());
}

std::string Bench::log(const JobOrder& order, const std::string& step) {
  std::string text;
  const logs::LogKey key(order.name.run, order.name.log(step));
  for (std::uint64_t at = 0;;) {
    const logs::LogChunk chunk = required(run(logs->read(key, at, 1 << 20)));
    for (const logs::Record& record : chunk.records) {
      const bool ours = record.stream == logs::Stream::slipway;
      text += ours ? "[" + record.text + "]" : record.text;
      if (record.ends_line) text += "\n";
    }
    if (chunk.records.empty()) return text;
    at = chunk.next;
  }
}

store::Attempt Bench::attempt(const JobOrder& order, const std::string& step) {
  store::AttemptKey key(order.name.run, order.name.job, step, order.name.attempt);
  return required(run(store->read(&store::Attempts::get, std::move(key))));
}

std::vector<docker::ContainerSummary> Bench::containers() {
  docker::ListContainers what;
  what.filters.label(std::string(label::kInstance), instance);
  return required(run(engine.containers().list(std::move(what))));
}

}  // namespace slipway::runs
