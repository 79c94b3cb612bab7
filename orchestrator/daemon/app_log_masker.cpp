#include "orchestrator/daemon/app_log_masker.hpp"

namespace slipway::daemon {

std::string AppLogMasker::mask(const rollouts::ApplicationLine& line) {
  const auto open = open_.try_emplace(Writer(line.host, line.container, line.stream), *patterns_).first;
  std::string shown = open->second.feed(line.text);
  if (!line.ends) return shown;
  shown += open->second.end_line();
  open_.erase(open);
  return shown;
}

}  // namespace slipway::daemon
