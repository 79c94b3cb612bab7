#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace slipway::cli {

/// Turns successive looks at a run into lines that say what changed since the last one.
class RunProgress {
 public:
  /// `run` is a RunDetail of the API.
  std::vector<std::string> changes(const Json& run);

 private:
  void note(std::vector<std::string>& lines, const std::string& key, const std::string& label, const Json& item);

  std::map<std::string, std::string> seen_;  // what each job and step was last said to be
};

}  // namespace slipway::cli
