#include "cli/run_progress.hpp"

#include <nlohmann/json.hpp>

#include "cli/output.hpp"
#include "cli/run_text.hpp"

namespace slipway::cli {

void RunProgress::note(std::vector<std::string>& lines, const Line& line, const Json& item) {
  const bool unremarkable =
      line.outcome.empty() || line.outcome == "pending" || line.outcome == "intent" || line.outcome == "created";
  if (unremarkable || seen_[line.key] == line.text) return;
  seen_[line.key] = line.text;
  const std::string until = text_at(item, "finished_at");
  const std::string time = until.empty() ? "" : duration_between(text_at(item, "started_at"), until);
  lines.push_back(line.label + "  " + styled(style_of(line.outcome), line.text) +
                  (time.empty() ? "" : " (" + time + ")"));
}

void RunProgress::note_job(std::vector<std::string>& lines, const Json& job) {
  const std::string kind = text_at(job, "kind");
  const std::string name = (kind == "build" ? "build " : "") + harmless(text_at(job, "name"));
  const Line line{name, name, outcome_of(job), describe_outcome(job)};
  const bool over = !text_at(job, "verdict").empty();
  if (!over) note(lines, line, job);
  for (const Json& step : value_at(job, "steps")) {
    const std::string attempt = std::to_string(number_at(step, "attempt"));
    const std::string label =
        name + " / " + harmless(text_at(step, "name")) + (attempt == "1" ? "" : " (attempt " + attempt + ")");
    note(lines, {label + "#" + attempt, label, outcome_of_step(step), describe_step(step)}, step);
  }
  if (over) note(lines, line, job);
}

std::vector<std::string> RunProgress::changes(const Json& run) {
  std::vector<std::string> lines;
  for (const Json& job : value_at(run, "jobs")) note_job(lines, job);
  note(lines, {"", "run " + std::to_string(number_at(run, "id")), outcome_of(run), describe_outcome(run)}, run);
  return lines;
}

}  // namespace slipway::cli
