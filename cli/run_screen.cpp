#include "cli/run_screen.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/output.hpp"
#include "cli/run_text.hpp"

namespace slipway::cli {
namespace {

/// A line in parts, so that it can be cut before it gets its colours.
struct ScreenLine {
  std::string label;
  std::string state;  // in the style of `outcome`
  std::string outcome;
  std::string rest;
};

bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

/// As much of `text` as fits; `columns` are less by what it takes.
std::string fitting(std::string_view text, std::size_t& columns) {
  std::size_t end = 0;
  while (end < text.size() && (columns > 0 || !begins_character(text[end]))) {
    if (begins_character(text[end])) --columns;
    ++end;
  }
  return std::string(text.substr(0, end));
}

std::string drawn(const ScreenLine& line, std::size_t columns) {
  std::string out = fitting(line.label, columns);
  const std::string state = fitting(line.state, columns);
  if (!state.empty()) out += styled(style_of(line.outcome), state);
  return out + fitting(line.rest, columns);
}

/// " (12s)"; empty for what has not begun.
std::string time_of(const Json& item, const std::string& now) {
  const std::string time = duration_between(text_at(item, "started_at"), text_at(item, "finished_at", now));
  return time.empty() ? "" : " (" + time + ")";
}

std::string running_steps(const Json& job, const std::string& now) {
  std::string out;
  for (const Json& step : value_at(job, "steps")) {
    if (text_at(step, "state") != "running" || text_at(step, "role") == "service") continue;
    out += "  " + harmless(text_at(step, "name")) + time_of(step, now);
  }
  return out;
}

std::string label_of(const Json& job) {
  return (text_at(job, "kind") == "build" ? "build " : "") + harmless(text_at(job, "name"));
}

ScreenLine line_of_job(const Json& job, const std::string& now, std::size_t label_width) {
  std::string label = label_of(job);
  label.append(label_width - columns_of(label), ' ');
  return {"  " + label + "  ", describe_outcome(job), outcome_of(job), time_of(job, now) + running_steps(job, now)};
}

/// Less is shown first where there is not room for all.
int rank_of(const Json& job) {
  const std::string outcome = outcome_of(job);
  if (outcome == "running" || outcome == "blocked") return 0;
  return style_of(outcome) == Style::bad ? 1 : 2;
}

/// In their own order, those that there is room for.
std::vector<const Json*> shown_jobs(const Json& jobs, std::size_t room) {
  std::vector<const Json*> shown;
  for (const Json& job : jobs) shown.push_back(&job);
  if (shown.size() <= room) return shown;
  const auto by_rank = [](const Json* a, const Json* b) { return rank_of(*a) < rank_of(*b); };
  std::vector<const Json*> ranked = shown;
  std::stable_sort(ranked.begin(), ranked.end(), by_rank);
  ranked.resize(room > 0 ? room - 1 : 0);  // a line says how many are not shown
  std::erase_if(shown, [&](const Json* job) { return std::find(ranked.begin(), ranked.end(), job) == ranked.end(); });
  return shown;
}

}  // namespace

std::vector<std::string> run_screen(const Json& run, const std::string& now, ScreenSize size) {
  const std::string heading = fmt::format("run {} of {}  ", number_at(run, "id"), harmless(text_at(run, "project")));
  std::vector<std::string> lines{
      drawn({heading, describe_outcome(run), outcome_of(run), time_of(run, now)}, size.columns)};
  const Json& jobs = value_at(run, "jobs");
  const std::size_t room = size.rows > 2 ? size.rows - 2 : 0;
  std::size_t label_width = 0;
  const std::vector<const Json*> shown = shown_jobs(jobs, room);
  for (const Json* job : shown) label_width = std::max(label_width, columns_of(label_of(*job)));
  for (const Json* job : shown) lines.push_back(drawn(line_of_job(*job, now, label_width), size.columns));
  const std::size_t left_out = jobs.size() - shown.size();
  if (left_out > 0 && room > 0) {
    lines.push_back(drawn({fmt::format("  and {} more", left_out), "", "", ""}, size.columns));
  }
  return lines;
}

std::string Block::draw(const std::vector<std::string>& lines) {
  std::string out = "\033[?7l";  // characters that take two columns must not wrap a line that was cut by their number
  if (height_ > 0) out += fmt::format("\033[{}A", height_);
  out += '\r';
  for (const std::string& line : lines) out += line + "\033[K\n";
  height_ = lines.size();
  return out + "\033[J\033[?7h";
}

}  // namespace slipway::cli
