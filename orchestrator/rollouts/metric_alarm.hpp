#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "orchestrator/rollouts/compose/application.hpp"

namespace slipway::rollouts {

/// One series of an instant query's answer.
struct MetricSample {
  std::string labels;  ///< `{instance="a"}`; empty for a scalar
  double value = 0;
};

/// The answer of /api/v1/query. Values that are no number (NaN: nothing divided by nothing) are left out. An error of
/// the query, or an answer that is neither vector nor scalar, is an Error.
Result<std::vector<MetricSample>> parse_instant_query(std::string_view body);

/// Decides when what a metric shows is an alarm. One that has gone off stays quiet until all was well once, so a person
/// who lets a paused rollout go on is not stopped again for the same.
class MetricAlarm {
 public:
  explicit MetricAlarm(MetricGate gate) : gate_(std::move(gate)) {}

  /// What to tell, if it goes off now. An Error, and an answer without series, is no data.
  std::optional<std::string> observe(const Result<std::vector<MetricSample>>& answer, Time now);

 private:
  std::optional<std::string> no_data(const std::string& why);
  std::optional<std::string> go_off(std::string what);
  [[nodiscard]] std::optional<std::string> breach_in(const std::vector<MetricSample>& samples) const;

  MetricGate gate_;
  std::optional<Time> breached_since_;
  std::int64_t blind_ = 0;  ///< looks without data, in a row
  bool off_ = false;
};

}  // namespace slipway::rollouts
