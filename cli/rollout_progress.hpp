#pragma once
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace slipway::cli {

/// Turns successive looks at a rollout into lines that say what has come of it since the last one.
class RolloutProgress {
 public:
  /// `audit` is a RolloutAudit of the API. Its end is no line: who waits for it prints that.
  std::vector<std::string> news(const Json& audit);

 private:
  std::set<std::string> told_;  // entries, which have no number; one by people may come in between older ones
};

}  // namespace slipway::cli
