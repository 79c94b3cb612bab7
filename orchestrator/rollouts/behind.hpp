#pragma once
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "orchestrator/store/rollouts.hpp"

/// Hosts that did not answer when their application was rolled out, and what they are brought to when they do.
namespace slipway::rollouts {

/// Which hosts are behind, and when each may be tried. A value.
class HostsBehind {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  /// To be tried as soon as it answers, whatever came before.
  void add(const std::string& application, const std::string& host) { hosts_[{application, host}] = {}; }
  void remove(const std::string& application, const std::string& host) { hosts_.erase({application, host}); }
  /// It was tried in vain: what breaks anew each time must not make an endless series of rollouts. Answers the pause,
  /// which doubles with each try, up to an hour.
  Milliseconds put_off(const std::string& application, const std::string& host, Instant now);
  /// All of the application, whenever they may be tried.
  [[nodiscard]] std::vector<std::string> of(const std::string& application) const;
  /// Application and host of those that may be tried.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> due(Instant now) const;

 private:
  struct Wait {
    Milliseconds pause{0};
    Instant until{};
  };
  std::map<std::pair<std::string, std::string>, Wait> hosts_;
};

/// The rollout that brings `host` to what its application should have there: the promoted generation. Where this one is
/// not to be, or none is promoted, what a rollout left that went back, or was to leave the host, while it did not
/// answer is taken away. Kind::not_found if nothing is to be done there, Kind::conflict for a host to be left as long
/// as one that the promoted generation is for is in `behind`: until then it serves; and after a rollback that did not
/// get through: what it came from is not gone back to.
Result<store::Rollout> catch_up_order(store::Transaction& tx, const std::string& application, const std::string& host,
                                      const std::vector<std::string>& behind, Time now);

/// Whether the last rollout that changed anything left hosts as they are, because somebody wanted that or since a
/// rollback did not get through: what they have then is no drift. Of those that people asked for, newest first.
bool left_on_purpose(const std::vector<store::Rollout>& newest_first);

/// What is to be said of a host that the settings do not have any more, and which had that generation; 0: it is not
/// known.
std::string why_gone(std::int64_t generation);

/// Whether a rollout is one to nothing, and which generation was the promoted one when it was asked for (0: none).
bool goes_to_nothing(const store::Rollout& rollout);
std::int64_t promoted_for(const store::Rollout& rollout);

/// The hosts that it was asked for, and store::Rollout::plan for some.
std::vector<std::string> hosts_of(const store::Rollout& rollout);
std::string plan_for(const std::vector<std::string>& hosts);

}  // namespace slipway::rollouts
