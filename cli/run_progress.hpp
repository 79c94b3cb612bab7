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
  struct Line {
    std::string key, label, outcome, text;
  };
  void note(std::vector<std::string>& lines, const Line& line, const Json& item);
  void note_job(std::vector<std::string>& lines, const Json& job);

  std::map<std::string, std::string> seen_;  // what each job and step was last said to be
};

}  // namespace slipway::cli
