#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.hpp"

namespace slipway::rollouts {

/// How long requests took, in buckets whose bounds grow by a quarter from 1 ms to two minutes. Two of them can be
/// added, so figures survive a restart of who counts.
class LatencyBuckets {
 public:
  static constexpr std::size_t count = 54;

  void add(Milliseconds time);
  void add(const LatencyBuckets& other);
  /// An upper bound of what the quickest `share` (0 to 1) of them took, at most a quarter too high; 0: there are none.
  [[nodiscard]] Milliseconds quantile(double share) const;
  [[nodiscard]] const std::array<std::uint32_t, count>& counts() const { return counts_; }
  /// A bucket that does not exist is left out.
  void set(std::size_t bucket, std::uint32_t number);

 private:
  std::array<std::uint32_t, count> counts_{};
};

/// What probes saw during one stage of a rollout.
struct ProbeFigures {
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;     ///< no answer, or a status of 500 and more
  std::uint64_t unreachable = 0;  ///< not counted above: the host itself did not answer either
  std::uint64_t unanswered = 0;   ///< likewise: nothing was known of them when the rollout had ended
  Milliseconds slowest{0};        ///< of those that were answered
  LatencyBuckets latency;         ///< likewise
};

/// The proof of a rollout: probes by stage, in the order of the stages. A value, kept with the rollout.
class ProbeLog {
 public:
  struct Stage {
    std::string name;
    ProbeFigures figures;
  };

  void answered(const std::string& stage, Milliseconds took);
  void failed(const std::string& stage, const std::string& host, const std::string& why, Time at);
  void unreachable(const std::string& stage);
  void unanswered(const std::string& stage);

  /// Probes of a host count from the first that is answered: before, nothing may have been there to ask.
  [[nodiscard]] bool counts(const std::string& host) const { return counted_.contains(host); }
  void count_from_now(const std::string& host) { counted_.insert(host); }

  /// Not of a temporary: a range-for over one would look at what is gone.
  [[nodiscard]] const std::vector<Stage>& stages() const& { return stages_; }
  void stages() const&& = delete;
  [[nodiscard]] std::uint64_t requests() const;
  [[nodiscard]] std::uint64_t failures() const;
  /// "host web1 during batch 2: …"; empty: none.
  [[nodiscard]] const std::string& first_failure() const& { return first_failure_; }
  void first_failure() const&& = delete;

  [[nodiscard]] nlohmann::json json() const;
  static ProbeLog from(const nlohmann::json& json);

 private:
  ProbeFigures& figures_of(const std::string& stage);

  std::vector<Stage> stages_;
  std::set<std::string> counted_;
  std::string first_failure_;
};

}  // namespace slipway::rollouts
