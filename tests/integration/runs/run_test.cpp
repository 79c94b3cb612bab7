#include "base/encoding.hpp"
#include "orchestrator/runs/naming.hpp"
#include "orchestrator/store/images.hpp"
#include "tests/integration/runs/engine_starts.hpp"
#include "tests/integration/runs/mini_daemon.hpp"
#include "tests/integration/runs/open_registry.hpp"
#include "tests/integration/runs/required.hpp"

using namespace slipway;
using namespace slipway::runs;
using namespace std::chrono_literals;

namespace {

std::string states(const std::vector<store::Job>& jobs) {
  std::string all;
  for (const store::Job& job : jobs) all += job.name + " " + std::string(store::name_of(job.verdict)) + "\n";
  return all;
}

}  // namespace

TEST_CASE("a push is checked out, tested and finished, and nothing is left behind") {
  const Site site;
  MiniDaemon daemon(site);
  const std::string commit =
      site.commit({{"slipway.yml",
                    "on: {push: {}}\n"
                    "jobs:\n"
                    "  unit:\n"
                    "    image: busybox\n"
                    "    network: none\n"
                    "    run: [\"cat greeting\", \"test $CI = true\", \"echo $SLIPWAY_COMMIT\"]\n"},
                   {"greeting", "hello from the checkout\n"}});
  const RunId id = daemon.push(commit);
  const store::Run run = daemon.wait(id);
  INFO(run.reason);
  CHECK(run.verdict == store::Verdict::passed);
  CHECK(run.title == "Change it");
  CHECK(daemon.attempts(id).size() == 1);
  const std::string log = daemon.log(id, daemon.attempts(id).at(0).log_name);
  CHECK(log.find("hello from the checkout\n") != std::string::npos);
  CHECK(log.find(commit) != std::string::npos);
  until(daemon, "nothing is left of it", [&] { return left_of_runs(site).empty(); });
}

TEST_CASE("a failing test stops what comes after it and says its exit code") {
  const Site site;
  MiniDaemon daemon(site);
  const RunId id = daemon.push(site.commit({{"slipway.yml",
                                             "on: {push: {}}\n"
                                             "jobs:\n"
                                             "  unit: {image: busybox, network: none, run: [\"exit 3\"]}\n"
                                             "  next: {needs: [unit], image: busybox, network: none, run: [\"true\"]}\n"
                                             "  tidy: {needs: [unit], if: failure(), image: busybox, network: none, "
                                             "run: [\"true\"]}\n"}}));
  const store::Run run = daemon.wait(id);
  CHECK(run.verdict == store::Verdict::failed);
  CHECK(run.reason.find("exit code 3") != std::string::npos);
  CHECK(states(daemon.jobs(id)) == "unit failed\nnext skipped\ntidy passed\n");
}

TEST_CASE("an image that no job came to need is skipped with a reason, not pending for ever") {
  const Site site;
  MiniDaemon daemon(site);
  const RunId id =
      daemon.push(site.commit({{"slipway.yml",
                                "on: {push: {}}\n"
                                "images: {app: {context: .}}\n"
                                "jobs:\n"
                                "  unit: {image: busybox, network: none, run: [\"exit 3\"]}\n"
                                "  smoke: {needs: [unit], image: \"${{ images.app }}\", run: [\"true\"]}\n"},
                               {"Dockerfile", "FROM busybox\n"}}));
  CHECK(daemon.wait(id).verdict == store::Verdict::failed);
  const auto jobs = daemon.jobs(id);
  CHECK(states(jobs) == "app skipped\nunit failed\nsmoke skipped\n");
  CHECK(jobs.at(0).state == store::JobState::finished);
  CHECK(jobs.at(0).reason == "no job that ran needs it");
}

TEST_CASE("a file with errors fails the run and its report is kept") {
  const Site site;
  MiniDaemon daemon(site);
  const RunId id = daemon.push(site.commit({{"slipway.yml", "jobs:\n  unit: {image: busybox, runn: [true]}\n"}}));
  const store::Run run = daemon.wait(id);
  CHECK(run.verdict == store::Verdict::failed);
  CHECK(run.reason.find("slipway.yml:") != std::string::npos);
  CHECK(daemon.log(id, "plan").find("runn") != std::string::npos);
}

TEST_CASE("an event that the file does not want makes a skipped run that says why") {
  const Site site;
  MiniDaemon daemon(site);
  const RunId id = daemon.push(site.commit(
      {{"slipway.yml", "on: {push: {branches: [release]}}\njobs:\n  unit: {image: busybox, run: [\"true\"]}\n"}}));
  const store::Run run = daemon.wait(id);
  CHECK(run.verdict == store::Verdict::skipped);
  CHECK_FALSE(run.reason.empty());
}

TEST_CASE("a commit without a pipeline file fails with a reason") {
  const Site site;
  MiniDaemon daemon(site);
  const store::Run run = daemon.wait(daemon.push(site.commit({{"README", "x"}})));
  CHECK(run.verdict == store::Verdict::failed);
  CHECK(run.reason.find("slipway.yml") != std::string::npos);
}

TEST_CASE("a matrix makes a job for each row, and a failure is tried again") {
  const Site site;
  MiniDaemon daemon(site);
  const RunId id = daemon.push(
      site.commit({{"slipway.yml",
                    "on: {push: {}}\n"
                    "jobs:\n"
                    "  unit:\n"
                    "    image: busybox\n"
                    "    network: none\n"
                    "    matrix: {version: [\"1\", \"2\"]}\n"
                    "    retry: 1\n"
                    "    env: {VERSION: \"${{ matrix.version }}\"}\n"
                    "    run: [\"echo version $VERSION\", \"test $VERSION = 1 || test $SLIPWAY_ATTEMPT = 2\"]\n"}}));
  const store::Run run = daemon.wait(id);
  INFO(run.reason);
  CHECK(run.verdict == store::Verdict::passed);
  CHECK(daemon.jobs(id).size() == 2);
  CHECK(daemon.attempts(id).size() == 3);
}

TEST_CASE("an image is built, and its test runs in what was built") {
  const Site site;
  MiniDaemon daemon(site);
  const RunId id =
      daemon.push(site.commit({{"slipway.yml",
                                "on: {push: {}}\n"
                                "images:\n"
                                "  app: {context: .}\n"
                                "jobs:\n"
                                "  unit: {image: \"${{ images.app }}\", network: none, run: [\"cat /app/made\"]}\n"},
                               {"Dockerfile", "FROM busybox\nRUN mkdir /app && echo by the build >/app/made\n"}}));
  const store::Run run = daemon.wait(id);
  INFO(run.reason);
  CHECK(run.verdict == store::Verdict::passed);
  CHECK(daemon.log(id, "unit." + daemon.attempts(id).at(0).key.step + ".a1").find("by the build") != std::string::npos);
  CHECK(daemon.log(id, build_log("app")).find("built sha256:") != std::string::npos);
}

TEST_CASE("a build that fails ends the run as failed, with the build's words") {
  const Site site;
  MiniDaemon daemon(site);
  const RunId id =
      daemon.push(site.commit({{"slipway.yml",
                                "on: {push: {}}\nimages:\n  app: {context: .}\njobs:\n"
                                "  unit: {image: \"${{ images.app }}\", network: none, run: [\"true\"]}\n"},
                               {"Dockerfile", "FROM busybox\nRUN echo about to fail && exit 9\n"}}));
  const store::Run run = daemon.wait(id);
  CHECK(run.verdict == store::Verdict::failed);
  CHECK(states(daemon.jobs(id)) == "app failed\nunit skipped\n");
}

TEST_CASE("secrets reach the step that asks for them and no log") {
  const Site site;
  MiniDaemon daemon(site);
  daemon.secrets["TOKEN"] = Secret("hunter2-very-secret");
  const RunId id = daemon.push(site.commit({{"slipway.yml",
                                             "on: {push: {}}\njobs:\n"
                                             "  unit: {image: busybox, network: none, secrets: [TOKEN], run: [\"test "
                                             "${#TOKEN} = 19\", \"echo token=$TOKEN\", "
                                             "\"echo $TOKEN | base64\"]}\n"}}));
  const store::Run run = daemon.wait(id);
  INFO(run.reason);
  CHECK(run.verdict == store::Verdict::passed);
  const std::string log = daemon.log(id, daemon.attempts(id).at(0).log_name);
  CHECK(log.find("token=***") != std::string::npos);
  CHECK(log.find("hunter2") == std::string::npos);
  CHECK(log.find(to_base64("hunter2-very-secret").substr(0, 20)) == std::string::npos);
}

TEST_CASE("what a service's health check says of why it is unhealthy holds no secret") {
  const Site site;
  MiniDaemon daemon(site);
  daemon.secrets["TOKEN"] = Secret("hunter2-very-secret");
  const RunId id = daemon.push(site.commit(
      {{"slipway.yml",
        "on: {push: {}}\n"
        "images:\n"
        "  sick: {context: .}\n"
        "services:\n"
        "  db: {image: \"${{ images.sick }}\", secrets: [TOKEN], ready: {healthcheck: true, timeout: 60s}}\n"
        "jobs:\n"
        "  unit: {image: busybox, services: [db], run: [\"true\"]}\n"},
       {"Dockerfile",
        "FROM busybox\nHEALTHCHECK --interval=1s --retries=1 CMD echo \"no access with $TOKEN\"; exit 1\n"
        "CMD [\"sleep\", \"1000\"]\n"}}));
  const store::Run run = daemon.wait(id);
  CHECK(run.verdict == store::Verdict::failed);
  CHECK_THAT(run.reason, Catch::Contains("is unhealthy: no access with ***"));
  CHECK(run.reason.find("hunter2") == std::string::npos);
  for (const store::Job& job : daemon.jobs(id)) CHECK(job.reason.find("hunter2") == std::string::npos);
}

TEST_CASE("a run by hand has its commit as soon as the remote has told it, long before it begins") {
  const Site site;
  MiniDaemon daemon(site);
  const std::string commit =
      site.commit({{"slipway.yml",
                    "on: {manual: {}, push: {}}\njobs:\n  unit: {image: busybox, network: none, run: [\"true\"]}\n"}});
  REQUIRE(daemon.wait(daemon.push(commit)).verdict == store::Verdict::passed);
  const auto mirror = daemon.git.locks->of((site.folder / "git" / "project-1.git").string());
  auto held = daemon.run(hold(mirror));
  store::Run row;
  row.project = ProjectId(1);
  row.event = store::Trigger::manual;
  row.ref = "refs/heads/main";
  row.trusted = true;
  const RunId id = required(daemon.run(daemon.store->write(&store::Runs::add, std::move(row))));
  required(daemon.run(daemon.store->write(&store::Runs::prepare, id, daemon.clock.now())));
  daemon.service->start(id);
  until(daemon, "it is told", [&] {
    const store::Run run = required(daemon.run(daemon.store->read(&store::Runs::get, id)));
    REQUIRE(run.state == store::RunState::preparing);
    return run.commit == commit;
  });
  held.reset();
  CHECK(daemon.wait(id).verdict == store::Verdict::passed);
}

TEST_CASE("a run that is cancelled stops its container and says by whom") {
  const Site site;
  MiniDaemon daemon(site);
  const RunId id = daemon.push(site.commit(
      {{"slipway.yml", "on: {push: {}}\njobs:\n  unit: {image: busybox, network: none, run: [\"sleep 1000\"]}\n"}}));
  while (daemon.events(id).empty() || daemon.attempts(id).empty() ||
         daemon.attempts(id).at(0).state != store::AttemptState::running) {
    daemon.io.run_one_for(10ms);
  }
  daemon.service->stop(id, "cancelled by ann");
  const store::Run run = daemon.wait(id);
  CHECK(run.verdict == store::Verdict::cancelled);
  CHECK(run.reason == "cancelled by ann");
}

TEST_CASE("a job that takes longer than its timeout is stopped and has failed") {
  const Site site;
  MiniDaemon daemon(site);
  const RunId id = daemon.push(site.commit(
      {{"slipway.yml",
        "on: {push: {}}\njobs:\n  unit: {image: busybox, network: none, timeout: 1s, run: [\"sleep 1000\"]}\n"}}));
  const auto began = std::chrono::steady_clock::now();
  const store::Run run = daemon.wait(id);
  CHECK(run.verdict == store::Verdict::failed);
  CHECK(run.reason.find("timeout") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - began < 20s);
}

TEST_CASE("what was tested is what is pushed, and the digest it got is what is deployed") {
  const Site site;
  const OpenRegistry registry(site, "127.0.0.1");
  MiniDaemon daemon(site);
  const std::string repository = registry.address() + "/shop/app";
  const RunId id = daemon.push(site.commit(
      {{"slipway.yml",
        "on: {push: {}}\n"
        "images:\n  app: {context: .}\n"
        "jobs:\n"
        "  unit: {image: \"${{ images.app }}\", network: none, run: [\"test -f /made\", "
        "\"while [ ! -e /tmp/end ]; do sleep 0.1; done\"]}\n"
        "  publish: {needs: [unit], push: {image: app, to: " +
            repository +
            ", tags: [latest, \"1\"]}}\n"
            "  production: {needs: [publish], deploy: {file: compose.yml, images: {web: app}, group: prod}}\n"},
       {"Dockerfile", "FROM busybox\nRUN touch /made\nCMD [\"true\"]\n"},
       {"compose.yml", "name: shop\nservices:\n  web: {}\n"}}));
  until(daemon, "the unit step runs", [&] {
    const auto attempts = daemon.attempts(id);
    return !attempts.empty() && attempts[0].state == store::AttemptState::running;
  });
  const std::string container = AttemptName(daemon.store->instance(), id, "unit", 1).container("run");
  const std::string tested = site.shell("docker inspect -f '{{.Image}}' " + container);
  site.shell("docker exec " + container + " touch /tmp/end");
  const store::Run run = daemon.wait(id);
  INFO(run.reason << daemon.log(id, "publish.a1"));
  REQUIRE(run.verdict == store::Verdict::passed);
  REQUIRE(daemon.deployer.requests.size() == 1);
  const DeployRequest& request = daemon.deployer.requests[0];
  CHECK(request.compose == "name: shop\nservices:\n  web: {}\n");
  CHECK(request.group == "prod");
  const auto& deployed = request.images.at("web");
  CHECK(deployed.repository == repository);
  CHECK(deployed.digest == registry.digest_of("shop/app", "latest"));
  CHECK(deployed.digest == registry.digest_of("shop/app", "1"));
  // The image that the engine ran the unit step in is the one in what was pushed and is deployed.
  REQUIRE(tested.starts_with("sha256:"));
  CHECK(deployed.config_id == tested);
  CHECK(registry.image_of("shop/app", deployed.digest) == tested);
  CHECK(daemon.log(id, "production.a1") == "deploying\n");
  const auto built = required(daemon.run(daemon.store->read(&store::Images::built_by, id)));
  REQUIRE(built.size() == 1);
  CHECK(std::to_string(built[0].size) == site.shell("docker image inspect -f '{{.Size}}' " + built[0].config_id));
}

TEST_CASE("a rerun of failed jobs keeps what passed and runs the rest") {
  const Site site;
  MiniDaemon daemon(site);
  const std::string commit = site.commit({{"slipway.yml",
                                           "on: {push: {}}\njobs:\n"
                                           "  good: {image: busybox, network: none, run: [\"true\"]}\n"
                                           "  bad: {image: busybox, network: none, run: [\"exit 1\"]}\n"}});
  const RunId first = daemon.push(commit);
  REQUIRE(daemon.wait(first).verdict == store::Verdict::failed);
  const RunId second = daemon.rerun_failed(first);
  CHECK(daemon.wait(second).verdict == store::Verdict::failed);
  const auto jobs = daemon.jobs(second);
  CHECK(states(jobs) == "good passed\nbad failed\n");
  CHECK(daemon.attempts(second).size() == 1);
}

TEST_CASE("a rerun of failed jobs does again what came after an image that is gone, however far") {
  const Site site;
  MiniDaemon daemon(site);
  const std::string commit =
      site.commit({{"slipway.yml",
                    "on: {push: {}}\n"
                    "images: {app: {context: .}}\n"
                    "jobs:\n"
                    "  apart: {image: busybox, network: none, run: [\"true\"]}\n"
                    "  unit: {image: \"${{ images.app }}\", network: none, run: [\"true\"]}\n"
                    "  smoke: {needs: [unit], image: busybox, network: none, run: [\"true\"]}\n"
                    "  never: {if: \"branch == 'other'\", image: busybox, network: none, run: [\"true\"]}\n"
                    "  beside: {needs: [never, apart], if: always(), image: busybox, network: none, run: [\"true\"]}\n"
                    "  bad: {needs: [smoke, beside], image: busybox, network: none, run: [\"exit 1\"]}\n"},
                   {"Dockerfile", "FROM busybox\nRUN touch /made\nCMD [\"true\"]\n"}});
  const RunId first = daemon.push(commit);
  REQUIRE(daemon.wait(first).verdict == store::Verdict::failed);
  const auto ran = [&](RunId run) {
    std::set<std::string> jobs;
    for (const store::Attempt& attempt : daemon.attempts(run)) jobs.insert(attempt.key.job);
    return jobs;
  };
  const RunId second = daemon.rerun_failed(first);
  REQUIRE(daemon.wait(second).verdict == store::Verdict::failed);
  CHECK(ran(second) == std::set<std::string>{"bad"});

  site.shell("docker rmi -f $(docker images -q --filter label=dev.slipway.instance=" + daemon.store->instance() + ")");
  const RunId third = daemon.rerun_failed(second);
  REQUIRE(daemon.wait(third).verdict == store::Verdict::failed);
  CHECK(ran(third) == std::set<std::string>{"unit", "smoke", "bad"});
}

TEST_CASE("what is deployed is what this run built and tested, whatever the journal says was pushed for it before") {
  const Site site;
  const OpenRegistry registry(site, "127.0.0.1");
  MiniDaemon daemon(site);
  const std::string repository = registry.address() + "/shop/app";
  const std::string commit =
      site.commit({{"slipway.yml",
                    "on: {push: {}}\n"
                    "images: {app: {context: .}}\n"
                    "jobs:\n"
                    "  publish: {push: {image: app, to: " +
                        repository +
                        ", tags: [latest]}}\n"
                        "  production: {needs: [publish], deploy: {file: compose.yml, images: {web: app}}}\n"},
                   {"Dockerfile", "FROM busybox\nRUN touch /made\n"},
                   {"compose.yml", "name: shop\nservices:\n  web: {}\n"}});
  store::Run row;
  row.project = ProjectId(1);
  row.event = store::Trigger::push;
  row.ref = "refs/heads/main";
  row.commit = commit;
  row.trusted = true;
  const RunId id = required(daemon.run(daemon.store->write(&store::Runs::add, std::move(row))));
  required(daemon.run(daemon.store->write(&store::Runs::prepare, id, daemon.clock.now())));
  // As a rerun had it that was killed before it began, and whose image was pruned meanwhile.
  store::PushedImage old;
  old.run = id;
  old.image = "app";
  old.repository = repository;
  old.tag = "latest";
  old.config_id = "sha256:" + std::string(64, '1');
  required(daemon.run(daemon.store->write(&store::Images::intend_push, old)));
  required(daemon.run(daemon.store->write(&store::Images::pushed, id, repository, std::string("latest"),
                                          "sha256:" + std::string(64, '2'), daemon.clock.now())));
  daemon.service->start(id);
  const store::Run run = daemon.wait(id);
  INFO(run.reason << daemon.log(id, "publish.a1"));
  REQUIRE(run.verdict == store::Verdict::passed);
  REQUIRE(daemon.deployer.requests.size() == 1);
  const PushedImage& deployed = daemon.deployer.requests[0].images.at("web");
  CHECK(deployed.digest == registry.digest_of("shop/app", "latest"));
  CHECK(deployed.config_id == required(daemon.run(daemon.store->read(&store::Images::built_by, id))).at(0).config_id);
}

TEST_CASE("what nobody knows any more is removed once its grace is over, and nothing else ever is") {
  const Site site;
  MiniDaemon daemon(site, test_engine(), [](Settings& settings) { settings.orphan_grace = 1h; });
  const std::string ours = daemon.store->instance();
  const auto label = [](const std::string& instance, const std::string& run) {
    return " --label dev.slipway.instance=" + instance + (run.empty() ? "" : " --label dev.slipway.run=" + run);
  };
  const std::string foreign = "slip-" + ours + "-999-unit-test-a1";  // a name like ours is no reason
  const std::map<std::string, std::string> kept = {{foreign, ""},
                                                   {"other-" + ours, label("not-" + ours, "999")},
                                                   {"ownless-" + ours, label(ours, "")},
                                                   {"garbled-" + ours, label(ours, "999x")}};
  const auto everything = [&] {
    return site.shell("docker ps -a --format '{{.Names}}' | grep " + ours + "; docker volume ls -q | grep " + ours +
                      "; docker network ls --format '{{.Name}}' | grep " + ours + " || :");
  };
  const auto make = [&](const std::string& name, const std::string& labels) {
    site.shell("docker create --name " + name + labels + " busybox true >/dev/null; docker volume create" + labels +
               " " + name + " >/dev/null; docker network create" + labels + " " + name + " >/dev/null");
  };
  for (const auto& [name, labels] : kept) make(name, labels);
  make("a-real-orphan-" + ours, label(ours, "999"));
  Settings settings;
  settings.work_folder = site.folder / "work";
  settings.orphan_grace = 1h;
  const auto checkout = settings.work_folder / "999", cut_off = settings.work_folder / "999.part.0123456789abcdef";
  for (const auto& folder : {checkout, cut_off}) std::filesystem::create_directories(folder);
  const std::string before = everything();
  const SweepSummary young = daemon.sweep(settings);
  CHECK(young.containers + young.volumes + young.checkouts == 0);
  for (const auto& folder : {checkout, cut_off}) CHECK(std::filesystem::exists(folder));

  settings.orphan_grace = 0s;
  const SweepSummary old = daemon.sweep(settings);
  CHECK(old.containers == 1);
  CHECK(old.volumes == 1);
  for (const auto& folder : {checkout, cut_off}) CHECK_FALSE(std::filesystem::exists(folder));
  const std::string left = everything();
  CHECK(left.find("orphan") == std::string::npos);
  for (const auto& [name, labels] : kept) {
    const auto first = left.find(name), second = left.find(name, first + 1);
    CAPTURE(name, left);
    CHECK(first != std::string::npos);
    CHECK(second != std::string::npos);
    CHECK(left.find(name, second + 1) != std::string::npos);
    site.shell("docker rm " + name + "; docker volume rm " + name + "; docker network rm " + name);
  }
}

TEST_CASE("after kill -9 a running step is adopted, its log whole, and it was started once") {
  const Site site;
  const std::string commit = site.commit(
      {{"slipway.yml",
        "on: {push: {}}\njobs:\n"
        "  unit:\n    image: busybox\n    network: none\n    steps:\n"
        "      - {name: first, run: [\"for i in $(seq 1 400); do echo line $i; [ $((i % 10)) = 0 ] && sleep 0.1; done; "
        "printf end\"]}\n"
        "      - {name: second, run: [\"echo second\"]}\n"}});
  const EngineStarts starts(site);
  // So far the first step has come, of the four seconds that it takes.
  const int line = GENERATE(1, 100, 200);
  CAPTURE(line);
  work_and_be_killed(site, [&](MiniDaemon& daemon) {
    const RunId id = daemon.push(commit);
    until(daemon, "the first step writes", [&] {
      const auto attempts = daemon.attempts(id);
      return !attempts.empty() && attempts[0].state == store::AttemptState::running &&
             daemon.log(id, "unit.first.a1").find("\nline " + std::to_string(line) + "\n") != std::string::npos;
    });
  });
  ::usleep(300'000);
  const std::string under_way = left_of_runs(site);
  CAPTURE(under_way);
  CHECK(under_way.find("container slip-") != std::string::npos);
  CHECK(under_way.find("volume slip-") != std::string::npos);
  CHECK(under_way.find("checkout ") != std::string::npos);

  MiniDaemon daemon(site);
  const RunId found = daemon.take_up_one();
  const store::Run run = daemon.wait(found);
  INFO(run.reason);
  CHECK(run.verdict == store::Verdict::passed);
  std::string script = "for i in $(seq 1 400); do echo line $i; [ $((i % 10)) = 0 ] && sleep 0.1; done; printf end";
  std::string expected = "+ " + script + "\n";
  for (int i = 1; i <= 400; ++i) expected += "line " + std::to_string(i) + "\n";
  expected += "end";
  CHECK(daemon.log(found, "unit.first.a1") == expected);
  const auto attempts = daemon.attempts(found);
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0].log.sha256 == sha256_hex(expected));
  CHECK(attempts[0].log.content_bytes == static_cast<std::int64_t>(expected.size()));
  const auto events = daemon.events(found);
  CHECK(std::count(events.begin(), events.end(), "step.reattached") == 1);
  // What the engine tells of the second comes behind all that it tells of the first.
  const AttemptName name{daemon.store->instance(), found, "unit", 1};
  until(daemon, "the engine tells of the second step", [&] { return starts.of(name.container("second")) > 0; });
  CHECK(starts.of(name.container("first")) == 1);
  CHECK(starts.of(name.container("second")) == 1);
  until(daemon, "nothing is left of it", [&] { return left_of_runs(site).empty(); });
}
