// A daemon's worth of rollouts that a test can kill: rollouts_worker FOLDER COMMIT
// Goes on with what the store in FOLDER has, and dies by SIGKILL right after the COMMITth commit (0: never). Ends with
// 0 when no rollout is left.
#include <csignal>
#include <cstdlib>
#include <iostream>

#include "tests/integration/rollouts/fleet/fleet.hpp"

namespace {

class Killer final : public slipway::store::CommitProbe {
 public:
  explicit Killer(int at) : left_(at) {}
  void before_commit(std::span<const std::string>) override {}
  void after_commit(std::span<const std::string>) override {
    if (left_ > 0 && --left_ == 0) std::raise(SIGKILL);
  }

 private:
  int left_;
};

}  // namespace

int main(int argc, char** argv) {
  using namespace slipway;
  if (argc != 3) return 2;
  try {
    Killer killer(std::atoi(argv[2]));
    rollouts::Fleet fleet(argv[1], &killer);
    if (auto recovered = fleet.run(fleet.rollouts->recover()); !recovered) {
      std::cerr << recovered.error().message << '\n';
      return 1;
    }
    auto open = fleet.run(fleet.store->read(&store::Rollouts::open));
    for (const auto& rollout : *open) fleet.wait(rollout.id);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
