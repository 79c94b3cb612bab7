// A data folder on a disk that is full, or fails: slipwayd with a library preloaded that makes its writes fail.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/files.hpp"
#include "orchestrator/store/store.hpp"
#include "orchestrator/store/tokens.hpp"
#include "tests/integration/daemon/live_daemon.hpp"
#include "tests/support/failing_disk.hpp"
#include "tests/support/run_async.hpp"

using namespace slipway;
using namespace slipway::daemon;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kNever = ~std::uint64_t{0};

class Disk {
 public:
  explicit Disk(const fs::path& folder) : path_(folder / "faults"), data_(folder / "data") {
    const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE(::ftruncate(fd, sizeof(DiskFaults)) == 0);
    void* mapped = ::mmap(nullptr, sizeof(DiskFaults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    REQUIRE(mapped != MAP_FAILED);
    faults_ = static_cast<DiskFaults*>(mapped);
  }
  Disk(const Disk&) = delete;
  ~Disk() { ::munmap(faults_, sizeof(DiskFaults)); }

  [[nodiscard]] std::map<std::string, std::string> environment() const {
    return {{"LD_PRELOAD", FAILING_DISK_PATH},
            {"SLIPWAY_DISK_FAULTS", path_.string()},
            {"SLIPWAY_DISK_FOLDER", data_.string()}};
  }
  [[nodiscard]] std::uint64_t calls() const { return faults_->calls; }
  [[nodiscard]] std::uint64_t hits() const { return faults_->hits; }
  /// Of the calls to come, number `nth` from 1 fails; or all from that on.
  void fail(std::uint64_t nth, int code, bool all = false) {
    faults_->first = 0;
    faults_->code = code;
    faults_->last = all ? kNever : calls() + nth;
    faults_->first = calls() + nth;
  }
  void heal() { faults_->first = 0; }

 private:
  fs::path path_, data_;
  DiskFaults* faults_ = nullptr;
};

/// slipwayd on such a disk, a project whose repository has one job that runs `script`.
struct Site {
  explicit Site(const std::string& script) : disk(folder.path()) {
    const fs::path source = folder.path() / "source";
    fs::create_directories(source);
    REQUIRE(write_file(source / "slipway.yml",
                       "on: {push: {}}\njobs:\n  unit: {image: busybox, network: none, run: [\"" + script + "\"]}\n"));
    REQUIRE(run({"sh", "-ec",
                 "cd " + source.string() +
                     "; git init -q -b main; git add -A; git -c user.name=d -c user.email=d@e.example commit -qm x"})
                .code == 0);
    REQUIRE(write_file(folder.path() / "slipwayd.yml", "git: {allow_local: true}\n"));
    start();
    REQUIRE(daemon->send("POST", "/api/v1/projects", {{"name", "shop"}, {"clone_url", source.string()}}).status == 201);
  }
  ~Site() {
    daemon.reset();
    const auto store = store::Store::open(folder.path() / "data");
    if (!store) return;
    const std::string label = " --filter label=dev.slipway.instance=" + (*store)->instance();
    run({"sh", "-c",
         "docker ps -aq" + label + " | xargs -r docker rm -f; docker volume ls -q" + label +
             " | xargs -r docker volume rm; docker network ls -q" + label +
             " | xargs -r docker network rm; docker images -q" + label + " | xargs -r docker rmi -f"});
  }

  void start() {
    std::map<std::string, std::string> environment = disk.environment();
    environment["SLIPWAY_CONFIG"] = (folder.path() / "slipwayd.yml").string();
    const char* engine = std::getenv("SLIPWAY_TEST_ENGINE");
    const std::string where = engine ? engine : "unix:///var/run/docker.sock";
    const std::string token = daemon ? daemon->token() : "";
    daemon.reset();
    daemon = std::make_unique<LiveDaemon>(folder.path() / "data", token, std::move(environment), where);
  }
  [[nodiscard]] HttpResponse trigger() const {
    return daemon->send("POST", "/api/v1/projects/shop/runs", {{"ref", "main"}});
  }
  /// Asks until it is taken: the run's number.
  [[nodiscard]] std::int64_t trigger_at_last() const {
    for (const auto limit = std::chrono::steady_clock::now() + 20s;;) {
      const HttpResponse taken = trigger();
      if (taken.status == 201) return (*parse_json(taken.body))["id"].get<std::int64_t>();
      CHECK(taken.status == 503);
      REQUIRE(std::chrono::steady_clock::now() < limit);
      std::this_thread::sleep_for(100ms);
    }
  }
  [[nodiscard]] Json run_of(std::int64_t id) const {
    return parse_json(daemon->send("GET", "/api/v1/runs/" + std::to_string(id)).body).value();
  }
  template <class Condition>
  Json until(std::int64_t id, Condition holds) const {
    for (const auto limit = std::chrono::steady_clock::now() + 40s;;) {
      Json run = run_of(id);
      if (holds(run)) return run;
      INFO(dump_json(run) << daemon->output());
      REQUIRE(std::chrono::steady_clock::now() < limit);
      std::this_thread::sleep_for(50ms);
    }
  }
  [[nodiscard]] Json finished(std::int64_t id) const {
    return until(id, [](const Json& run) { return run["state"] == "finished"; });
  }
  [[nodiscard]] std::string log(const Json& run) const {
    const Json& step = run["jobs"][0]["steps"][0];
    return daemon
        ->send("GET", "/api/v1/runs/" + std::to_string(run["id"].get<std::int64_t>()) + "/jobs/unit/steps/" +
                          step["name"].get<std::string>() + "/logs")
        .body;
  }
  void until_healthy() const {
    for (const auto limit = std::chrono::steady_clock::now() + 30s;;) {
      const std::string health = daemon->send("GET", "/healthz").body;
      if ((*parse_json(health))["status"] == "ok") return;
      INFO(health);
      REQUIRE(std::chrono::steady_clock::now() < limit);
      std::this_thread::sleep_for(50ms);
    }
  }

  Folder folder;
  Disk disk;
  std::unique_ptr<LiveDaemon> daemon;
};

}  // namespace

TEST_CASE("whichever write or sync of a run fails once, the run ends as it should and the journal is whole") {
  const int code = GENERATE(ENOSPC, EIO);
  CAPTURE(code);
  Site site("seq 1 200");
  const std::uint64_t before = site.disk.calls();
  const Json plain = site.finished(site.trigger_at_last());
  CHECK(plain["verdict"] == "passed");
  const std::string log = site.log(plain);
  const std::uint64_t calls = site.disk.calls() - before;
  INFO("writes and syncs of a run: " << calls);
  REQUIRE(calls > 20);
  for (std::uint64_t nth = 1; nth <= calls; nth += 1 + calls / 30) {
    CAPTURE(nth);
    site.disk.fail(nth, code);
    const Json run = site.finished(site.trigger_at_last());
    site.disk.heal();
    INFO(dump_json(run));
    CHECK(run["verdict"] == "passed");
    CHECK(run["jobs"][0]["verdict"] == "passed");
    CHECK(site.log(run) == log);
    site.until_healthy();
  }
  CHECK(site.disk.hits() > 20);
  CHECK(site.daemon->stop() == 0);
  site.start();
  site.until_healthy();
  for (const Json& run : (*parse_json(site.daemon->send("GET", "/api/v1/runs?limit=100").body))["items"]) {
    CHECK(run["state"] == "finished");
  }
}

TEST_CASE(
    "while the disk is full nothing new is taken and everybody is told, what runs goes on, and later it is kept") {
  const int code = GENERATE(ENOSPC, EIO);
  CAPTURE(code);
  Site site("for i in $(seq 1 50); do echo line $i; sleep 0.1; done");
  const std::int64_t id = site.trigger_at_last();
  site.until(id, [](const Json& run) {
    return run["jobs"].size() == 1 && run["jobs"][0]["steps"].size() == 1 &&
           run["jobs"][0]["steps"][0]["state"] == "running";
  });
  site.disk.fail(1, code, true);
  std::this_thread::sleep_for(2s);
  CHECK(site.trigger().status == 503);
  const Json health = *parse_json(site.daemon->send("GET", "/healthz").body);
  CHECK(health["status"] == "degraded");
  CHECK(dump_json(health).find("make room") != std::string::npos);
  CHECK(site.daemon->send("GET", "/readyz").status == 503);
  CHECK(site.daemon->slipway({"run", "list"}).err.find("make room") != std::string::npos);
  std::this_thread::sleep_for(5s);  // the step ends meanwhile
  CHECK(site.run_of(id)["state"] == "running");
  site.disk.heal();
  const Json run = site.finished(id);
  INFO(dump_json(run));
  CHECK(run["verdict"] == "passed");
  std::string expected = "+ for i in $(seq 1 50); do echo line $i; sleep 0.1; done\n";
  for (int i = 1; i <= 50; ++i) expected += "line " + std::to_string(i) + "\n";
  CHECK(site.log(run) == expected);
  site.until_healthy();
  CHECK(site.finished(site.trigger_at_last())["verdict"] == "passed");
}

TEST_CASE("killed on a full disk, slipwayd goes on from what it had kept") {
  Site site("for i in $(seq 1 40); do echo line $i; sleep 0.1; done");
  const std::int64_t id = site.trigger_at_last();
  site.until(id, [](const Json& run) {
    return run["jobs"].size() == 1 && run["jobs"][0]["steps"].size() == 1 &&
           run["jobs"][0]["steps"][0]["state"] == "running";
  });
  site.disk.fail(1, ENOSPC, true);
  std::this_thread::sleep_for(2s);
  ::kill(site.daemon->pid(), SIGKILL);
  site.disk.heal();
  site.start();
  const Json run = site.finished(id);
  INFO(dump_json(run));
  CHECK(run["verdict"] == "passed");
  CHECK(site.log(run).ends_with("line 39\nline 40\n"));
}

TEST_CASE("a first start whose write fails says why, and the next one is as if it had not been") {
  const int code = GENERATE(ENOSPC, EIO);
  for (std::uint64_t nth = 1; nth <= 60; nth += 4) {
    CAPTURE(nth, code);
    const Folder folder;
    Disk disk(folder.path());
    disk.fail(nth, code);
    try {
      const LiveDaemon first(folder.path() / "data", "", disk.environment());
    } catch (const std::runtime_error& error) {
      CHECK(std::string(error.what()).find("slipwayd: ") != std::string::npos);
    }
    disk.heal();
    bool has_token = false;
    {
      const auto store = store::Store::open(folder.path() / "data");
      REQUIRE(store);
      CHECK((*store)->condition().kind == store::Condition::Kind::writable);
      has_token = !run_async((*store)->read(&store::Tokens::list))->empty();
    }
    const LiveDaemon second(folder.path() / "data", has_token ? "known to who saw it" : "", disk.environment());
    HttpRequest ready("GET", second.url() + "/healthz");
    CHECK((*parse_json(send_http(ready)->body))["notices"].size() == 1);  // the engine
  }
}
