// Twenty rollouts in a row to the rig's three hosts, under load: rollouts_bench WORKER [RATE [COUNT]]
// Nine are plain, five meet a daemon that is killed in the middle, five are rolled back, one has a host cut off. WORKER
// is the path of rollouts_worker; COUNT leaves the rest of the twenty out. Then five and five rollbacks without load,
// for the time. Prints a line for each and a JSON object with sums. Ends with 1 if a request failed or a rollout did
// not end as it should.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <stdexcept>

#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.hpp"
#include "orchestrator/rollouts/probe_log.hpp"
#include "tests/integration/rollouts/fleet/fleet.hpp"
#include "tests/integration/rollouts/fleet/load.hpp"

namespace {

using namespace slipway;
using namespace slipway::rollouts;

const std::string folder = "/tmp/slipway-rollouts-bench";
const std::string application = "ro-bench";

enum class Kind { plain, killed, sick, turned, cut };

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::plain:
      return "plain";
    case Kind::killed:
      return "daemon killed";
    case Kind::sick:
      return "never healthy";
    case Kind::turned:
      return "turned round";
    case Kind::cut:
      return "host cut off";
  }
  return "";
}

constexpr Kind course[] = {Kind::plain,  Kind::killed, Kind::plain,  Kind::sick,  Kind::plain,
                           Kind::killed, Kind::plain,  Kind::turned, Kind::plain, Kind::sick,
                           Kind::killed, Kind::plain,  Kind::turned, Kind::plain, Kind::killed,
                           Kind::sick,   Kind::plain,  Kind::killed, Kind::plain, Kind::cut};

std::string compose_of(int round, Kind kind) {
  const std::string version = kind == Kind::sick ? "sick" : "v" + std::to_string(round);
  return "name: " + application +
         "\nservices:\n  web:\n    stop_grace_period: 1s\n    environment: {VERSION: " + version + ", ROUND: \"" +
         std::to_string(round) +
         "\"}\n    healthcheck: {test: [CMD, python3, -c, \"import urllib.request as r; "
         "r.urlopen('http://127.0.0.1:8080/healthz')\"], interval: 500ms, timeout: 5s, retries: 2}\n"
         "    x-slipway: {route: {host: app.example.org, port: 8080, websocket_drain: 1s}}\n"
         "x-slipway:\n  targets: [production]\n  min_healthy_time: 200ms\n  health_deadline: 20s\n"
         "  probe: {rate: 5}\n";
}

void set_link(const std::string& state) {
  const char* rig = std::getenv("SLIPWAY_RIG_NAME");
  const std::string link = std::string(rig == nullptr ? "slipway" : rig) + "-v3";
  if (std::system(("ip link set " + link + " " + state).c_str()) != 0) throw std::runtime_error("can't set " + link);
}

int run_worker(const std::string& worker, int kill_at_commit) {
  const std::string count = std::to_string(kill_at_commit);
  const pid_t child = fork();
  if (child == 0) {
    execl(worker.c_str(), worker.c_str(), folder.c_str(), count.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

class Course {
 public:
  explicit Course(std::string worker) : worker_(std::move(worker)) {
    std::filesystem::remove_all(folder);
    fleet_ = std::make_unique<Fleet>(folder);
    fleet_->clean();
    fleet_->add_project();
    push_proxy_image(*fleet_);
    image_ = push_app_image(*fleet_, "bench");
    if (!fleet_->run(fleet_->rollouts->recover())) throw std::runtime_error("recover");
    if (fleet_->roll_out(compose_of(0, Kind::plain), image_).state != "succeeded") throw std::runtime_error("first");
  }
  ~Course() {
    fleet_->clean();
    fleet_.reset();
    std::filesystem::remove_all(folder);
  }

  std::vector<std::string> addresses() {
    std::vector<std::string> all;
    for (const HostSettings& host : fleet_->hosts->hosts()) all.push_back(fleet_->hosts->address_of(host.name));
    return all;
  }

  store::Rollout go(int round, Kind kind) {
    const auto begun = fleet_->begin(compose_of(round, kind), image_);
    if (!begun) throw std::runtime_error(begun.error().message);
    if (kind == Kind::killed) return killed(*begun, 4 + round);
    if (kind == Kind::turned) {
      wait_for_version("h2", round);
      if (!fleet_->run(fleet_->rollouts->roll_back(application, "bench"))) throw std::runtime_error("turn round");
    }
    if (kind != Kind::cut) return fleet_->wait(*begun);
    wait_for_version("h1", round);
    set_link("down");
    const store::Rollout ended = fleet_->wait(*begun);
    set_link("up");
    wait_for_version("h3", round);
    return ended;
  }

  /// To the containers of before, which are still there; in seconds.
  double roll_back() {
    const auto begin = std::chrono::steady_clock::now();
    const auto id = fleet_->run(fleet_->rollouts->roll_back(application, "bench"));
    if (!id || fleet_->wait(*id).state != "succeeded") throw std::runtime_error("roll back");
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  [[nodiscard]] const std::string& image() const { return image_; }

 private:
  void wait_for_version(const std::string& host, int round) {
    fleet_->run_until([&] {
      for (const Shown& one : fleet_->shown(host, application)) {
        if (one.running && one.health == Health::healthy && one.generation == generation_of(round)) return true;
      }
      return false;
    });
  }
  static std::int64_t generation_of(int round) { return round + 1; }

  store::Rollout killed(RolloutId id, int at_commit) {
    fleet_.reset();
    const int first = run_worker(worker_, at_commit);
    if (first != -SIGKILL) throw std::runtime_error("the daemon was not killed, " + std::to_string(first));
    if (run_worker(worker_, 0) != 0) throw std::runtime_error("the second daemon failed");
    fleet_ = std::make_unique<Fleet>(folder);
    if (!fleet_->run(fleet_->rollouts->recover())) throw std::runtime_error("recover");
    return *fleet_->run(fleet_->store->read(&store::Rollouts::get, id));
  }

  std::string worker_;
  std::unique_ptr<Fleet> fleet_;
  std::string image_;
};

/// Failures at the host that was cut off are its line's.
std::int64_t failures_of(const Json& counted, const std::string& left_out) {
  std::int64_t left = 0;
  for (const auto& [address, number] : counted["failed_at"].items()) {
    left += address == left_out ? 0 : number.get<std::int64_t>();
  }
  return left;
}

std::uint64_t requests_of(const Json& counted) {
  std::uint64_t sum = 0;
  for (const auto& [kind, number] : counted["requests"].items()) sum += number.get<std::uint64_t>();
  return sum;
}

/// In seconds; nothing is in flight, so nothing has to be waited for: what they cost without drains.
struct Times {
  std::vector<double> updates, rollbacks;
  int wrong = 0;
};

Times without_load(Course& way, int round) {
  Times times;
  const auto update = [&] {
    const auto begin = std::chrono::steady_clock::now();
    times.wrong += way.go(++round, Kind::plain).state == "succeeded" ? 0 : 1;
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  for (int i = 0; i < 5; ++i) times.updates.push_back(update());
  for (int i = 0; i < 5; ++i) {
    if (i > 0) (void)update();  // each rollback goes back from what came since the last
    times.rollbacks.push_back(way.roll_back());
  }
  return times;
}

int drive(const std::string& worker, int rate, int first) {
  Course way(worker);
  std::int64_t failed = 0;
  std::uint64_t requests = 0;
  int wrong = 0;
  std::vector<double> plain;
  int round = 0;
  for (const Kind kind : course) {
    if (round == first) break;
    ++round;
    const auto addresses = way.addresses();
    Load load(addresses, rate);
    const auto begin = std::chrono::steady_clock::now();
    const store::Rollout ended = way.go(round, kind);
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const Json counted = load.finish();
    const std::int64_t lost = failures_of(counted, kind == Kind::cut ? addresses[2] : "");
    const bool back = kind == Kind::sick || kind == Kind::turned;
    const bool right = ended.state == (back ? "rolled_back" : "succeeded");
    if (kind == Kind::plain) plain.push_back(took);
    failed += lost;
    requests += requests_of(counted);
    wrong += right ? 0 : 1;
    const auto kept = parse_json(ended.progress);
    const ProbeLog probes = ProbeLog::from(value_at(*kept, "probes"));
    std::cout << round << "\t" << name_of(kind) << "\t" << ended.state << "\t" << took << " s\t" << lost << " of "
              << requests_of(counted) << " failed\tprobes " << probes.failures() << "/" << probes.requests() << "\tp99 "
              << counted["p99_ms"] << " ms" << std::endl;
    if (lost > 0) std::cout << counted["failures"].dump(1) << std::endl;
    if (!right || probes.failures() > 0) std::cout << ended.reason << std::endl;
  }
  const Times times = without_load(way, round);
  std::sort(plain.begin(), plain.end());
  const Json sums = {{"rollouts", round},
                     {"requests", requests},
                     {"failed", failed},
                     {"wrong_ends", wrong + times.wrong},
                     {"rate_per_host", rate},
                     {"plain_median_s", plain.empty() ? 0 : plain[plain.size() / 2]},
                     {"rollback_s", times.rollbacks},
                     {"idle_s", times.updates},
                     {"image", way.image()}};
  std::cout << sums.dump() << std::endl;
  return failed == 0 && wrong + times.wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: rollouts_bench WORKER [RATE [COUNT]]\n";
    return 2;
  }
  try {
    return drive(argv[1], argc > 2 ? std::atoi(argv[2]) : 50, argc > 3 ? std::atoi(argv[3]) : -1);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
