#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "pipelines/pipeline.hpp"
#include "pipelines/yaml_reader.hpp"

namespace slipway::pipelines {

/// The jobs of a file by what they need. Names that are unknown are left out.
class JobGraph {
 public:
  explicit JobGraph(const std::vector<JobRecipe>& jobs);

  [[nodiscard]] const std::vector<std::size_t>& needs(std::size_t job) const { return needs_[job]; }
  /// All that must end before `job` starts, in any order. Takes time linear in the graph.
  [[nodiscard]] std::vector<std::size_t> ancestors(std::size_t job) const;
  /// The jobs of one cycle, each needing the next, the first repeated at the end; empty if there is none.
  [[nodiscard]] std::vector<std::size_t> find_cycle() const;
  /// Each job after those it needs, otherwise as in the file. Only without a cycle.
  [[nodiscard]] std::vector<std::size_t> order() const;

 private:
  std::vector<std::vector<std::size_t>> needs_;
};

/// What can only be seen in the whole file: needs that lead nowhere or in circles, what is deployed without having been
/// pushed, services nobody declared. Then puts the jobs in order. `root` is the file they were read from.
void check_and_order(Pipeline& pipeline, const YamlNode& root, Diagnostics& diagnostics);

}  // namespace slipway::pipelines
