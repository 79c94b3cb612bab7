#include "cli/run_progress.hpp"

#include <nlohmann/json.hpp>

#include "cli/output.hpp"
#include "cli/run_text.hpp"

namespace slipway::cli {

void RunProgress::note(std::vector<std::string>& lines, const std::string& key, const std::string& label,
                       const Json& item) {
  const std::string outcome = outcome_of(item);
  const std::string now = describe_outcome(item);
  if (seen_[key] == now || outcome == "pending" || outcome.empty()) return;
  seen_[key] = now;
  const std::string time = duration_between(text_at(item, "started_at"), text_at(item, "ended_at"));
  const bool ended = !text_at(item, "verdict").empty();
  lines.push_back(label + "  " + styled(style_of(outcome), now) + (ended && !time.empty() ? " (" + time + ")" : ""));
}

std::vector<std::string> RunProgress::changes(const Json& run) {
  std::vector<std::string> lines;
  for (const Json& job : value_at(run, "jobs")) {
    const std::string name = harmless(text_at(job, "name"));
    if (text_at(job, "verdict").empty()) note(lines, name, name, job);
    for (const Json& step : value_at(job, "steps")) {
      const std::string label = name + " / " + harmless(text_at(step, "name"));
      note(lines, label + "#" + std::to_string(number_at(step, "attempt")), label, step);
    }
    if (!text_at(job, "verdict").empty()) note(lines, name, name, job);
  }
  note(lines, "", "run " + std::to_string(number_at(run, "id")), run);
  return lines;
}

}  // namespace slipway::cli
