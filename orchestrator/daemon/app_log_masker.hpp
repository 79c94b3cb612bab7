#pragma once
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "orchestrator/logs/masker.hpp"
#include "orchestrator/rollouts/inventory.hpp"

namespace slipway::daemon {

/// Hides secrets in the lines of an application's containers, which are given in the order each of them wrote them.
class AppLogMasker {
 public:
  explicit AppLogMasker(std::shared_ptr<const logs::MaskPatterns> patterns) : patterns_(std::move(patterns)) {}

  /// What is safe to show of the line. Of one that has not ended, what may be the start of a secret comes with its next
  /// part, or not at all.
  std::string mask(const rollouts::ApplicationLine& line);

 private:
  using Writer = std::tuple<std::string, std::string, std::string>;  // host, container, stream

  std::shared_ptr<const logs::MaskPatterns> patterns_;
  std::map<Writer, logs::Masker> open_;
};

}  // namespace slipway::daemon
