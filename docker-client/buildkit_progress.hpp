#pragma once
#include <map>
#include <optional>
#include <string>

#include "docker-client/build_steps.hpp"
#include "docker-client/buildkit_trace.hpp"

namespace slipway::docker {

/// Folds BuildKit's traces into the steps of a build. A vertex is sent again at each change and may complete twice (the
/// lookup in the cache, then the work), so what is known already is passed over. Borrows `steps`.
class BuildkitProgress {
 public:
  explicit BuildkitProgress(BuildSteps& steps) : steps_(steps) {}
  void add(const TraceEntry& entry);

 private:
  void add(const TraceVertex& vertex);
  void add(const TraceStatus& status);
  void add(const TraceLog& log);
  void add(const TraceWarning& warning);
  [[nodiscard]] std::size_t step_of(const std::string& digest) const;

  BuildSteps& steps_;
  std::map<std::string, std::size_t> numbers_;  // by the vertex's digest
};

}  // namespace slipway::docker
