// A data folder on a disk that is full, or fails: slipwayd with a library preloaded that makes its writes fail.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "orchestrator/store/tokens.hpp"
#include "tests/integration/daemon/site.hpp"
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

std::string counted_to(int last) {
  const std::string to = std::to_string(last);
  std::string log = "+ for i in $(seq 1 " + to + "); do echo line $i; sleep 0.1; done\n";
  for (int i = 1; i <= last; ++i) log += "line " + std::to_string(i) + "\n";
  return log;
}

}  // namespace

TEST_CASE("whichever write or sync of a run fails once, the run ends as it should and the journal is whole") {
  const int code = GENERATE(ENOSPC, EIO);
  CAPTURE(code);
  const Folder folder;
  Disk disk(folder.path());
  Site site(folder, "seq 1 200", disk.environment());
  const std::uint64_t before = disk.calls();
  const Json plain = site.finished(site.trigger_at_last());
  CHECK(plain["verdict"] == "passed");
  const std::string log = site.log(plain);
  const std::uint64_t calls = disk.calls() - before;
  INFO("writes and syncs of a run: " << calls);
  REQUIRE(calls > 20);
  for (std::uint64_t nth = 1; nth <= calls; nth += 1 + calls / 30) {
    CAPTURE(nth);
    disk.fail(nth, code);
    const Json run = site.finished(site.trigger_at_last());
    disk.heal();
    INFO(dump_json(run));
    CHECK(run["verdict"] == "passed");
    CHECK(run["jobs"][0]["verdict"] == "passed");
    CHECK(site.log(run) == log);
    site.until_healthy();
  }
  CHECK(disk.hits() > 20);
  CHECK(site.daemon->stop() == 0);
  site.start();
  site.until_healthy();
  const auto runs = parse_json(site.daemon->send("GET", "/api/v1/runs?limit=100").body);
  REQUIRE(runs);
  CHECK(runs->at("items").size() > 20);
  for (const Json& run : runs->at("items")) {
    CHECK(run["state"] == "finished");
  }
}

TEST_CASE(
    "while the disk is full nothing new is taken and everybody is told, what runs goes on, and later it is kept") {
  const int code = GENERATE(ENOSPC, EIO);
  CAPTURE(code);
  const Folder folder;
  Disk disk(folder.path());
  Site site(folder, "for i in $(seq 1 50); do echo line $i; sleep 0.1; done", disk.environment());
  const std::int64_t id = site.trigger_at_last();
  site.until_step_runs(id);
  disk.fail(1, code, true);
  std::this_thread::sleep_for(2s);
  CHECK(site.trigger().status == 503);
  const Json health = *parse_json(site.daemon->send("GET", "/healthz").body);
  CHECK(health["status"] == "degraded");
  CHECK(dump_json(health).find("make room") != std::string::npos);
  CHECK(site.daemon->send("GET", "/readyz").status == 503);
  CHECK(site.daemon->slipway({"run", "list"}).err.find("make room") != std::string::npos);
  std::this_thread::sleep_for(5s);  // the step ends meanwhile
  CHECK(site.run_of(id)["state"] == "running");
  disk.heal();
  const Json run = site.finished(id);
  INFO(dump_json(run));
  CHECK(run["verdict"] == "passed");
  CHECK(site.log(run) == counted_to(50));
  site.until_healthy();
  CHECK(site.finished(site.trigger_at_last())["verdict"] == "passed");
}

TEST_CASE("killed on a full disk, slipwayd goes on from what it had kept") {
  const Folder folder;
  Disk disk(folder.path());
  Site site(folder, "for i in $(seq 1 40); do echo line $i; sleep 0.1; done", disk.environment());
  const std::int64_t id = site.trigger_at_last();
  site.until_step_runs(id);
  disk.fail(1, ENOSPC, true);
  std::this_thread::sleep_for(2s);
  CHECK(disk.hits() > 0);
  ::kill(site.daemon->pid(), SIGKILL);
  disk.heal();
  site.start();
  const Json run = site.finished(id);
  INFO(dump_json(run));
  CHECK(run["verdict"] == "passed");
  CHECK(site.log(run) == counted_to(40));
}

TEST_CASE("a first start whose write fails says why, and the next one is as if it had not been") {
  const int code = GENERATE(ENOSPC, EIO);
  int failed = 0;
  for (std::uint64_t nth = 1; nth <= 60; nth += 4) {
    CAPTURE(nth, code);
    const Folder folder;
    Disk disk(folder.path());
    disk.fail(nth, code);
    try {
      const LiveDaemon first(folder.path() / "data", "", disk.environment());
    } catch (const std::runtime_error& error) {
      ++failed;
      CHECK(disk.hits() > 0);
      const std::string said(error.what());
      CAPTURE(said);
      CHECK(said.find("slipwayd: ", std::string("no slipwayd: ").size()) != std::string::npos);
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
  CHECK(failed > 0);
}
