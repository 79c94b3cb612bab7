// A daemon's worth of rollouts that a test can kill: rollouts_worker FOLDER COMMIT [back]
// Goes on with what the store in FOLDER has, and dies by SIGKILL right after the COMMITth commit (0: never). Ends with
// 0 when no rollout is left; FOLDER/commits has how many commits that took. With `back` it turns each round when the
// first old containers are about to be stopped.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "tests/integration/rollouts/fleet/fleet.hpp"

namespace {

class Killer final : public slipway::store::CommitProbe {
 public:
  explicit Killer(int at) : at_(at) {}
  void before_commit(std::span<const std::string>) override {}
  void after_commit(std::span<const std::string>) override {
    if (++commits_ == at_) std::raise(SIGKILL);
  }
  [[nodiscard]] int commits() const { return commits_; }

 private:
  int at_;
  std::atomic<int> commits_ = 0;  // made by the store's thread
};

void turn_round(slipway::rollouts::Fleet& fleet, slipway::RolloutId id) {
  using namespace slipway;
  fleet.run_until([&] {
    const auto hosts = fleet.run(fleet.store->read(&store::Rollouts::hosts, id));
    return hosts && std::any_of(hosts->begin(), hosts->end(),
                                [](const store::RolloutHost& host) { return host.state == "old_drained"; });
  });
  if (auto asked = fleet.run(fleet.rollouts->ask(id, rollouts::Verb::roll_back, "worker")); !asked) {
    throw std::runtime_error(asked.error().message);
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace slipway;
  if (argc != 3 && argc != 4) return 2;
  try {
    Killer killer(std::atoi(argv[2]));
    rollouts::Fleet fleet(argv[1], &killer);
    if (auto recovered = fleet.run(fleet.rollouts->recover()); !recovered) {
      std::cerr << recovered.error().message << '\n';
      return 1;
    }
    auto open = fleet.run(fleet.store->read(&store::Rollouts::open));
    for (const auto& rollout : *open) {
      if (argc == 4) turn_round(fleet, rollout.id);
      fleet.wait(rollout.id);
    }
    std::ofstream(argv[1] + std::string("/commits")) << killer.commits() << '\n';
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
