#pragma once
#include "base/kill_point.hpp"
#include "orchestrator/store/store.hpp"

namespace slipway::daemon {

/// Makes kill points of the commits: "commit" of each, and "commit MARK" of what each is about.
class CommitPoints final : public store::CommitProbe {
 public:
  void before_commit(std::span<const std::string> marks) override { pass(Side::before, marks); }
  void after_commit(std::span<const std::string> marks) override { pass(Side::after, marks); }

 private:
  static void pass(Side side, std::span<const std::string> marks) {
    if (!kill_points_on()) return;
    kill_point(side, "commit");
    for (const std::string& mark : marks) kill_point(side, "commit " + mark);
  }
};

}  // namespace slipway::daemon
