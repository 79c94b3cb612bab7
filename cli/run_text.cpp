#include "cli/run_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/output.hpp"

namespace slipway::cli {
namespace {

std::string took(const Json& item) {
  const std::string time = duration_between(text_at(item, "started_at"), text_at(item, "ended_at"));
  return time.empty() ? "" : " (" + time + ")";
}

void add_line(std::string& out, const std::string& indent, const Json& item) {
  const std::string outcome = outcome_of(item);
  out += fmt::format("{}{}  {}{}\n", indent, harmless(text_at(item, "name")),
                     styled(style_of(outcome), describe_outcome(item)), took(item));
}

}  // namespace

std::string outcome_of(const Json& item) {
  const std::string verdict = text_at(item, "verdict");
  return verdict.empty() ? text_at(item, "state") : verdict;
}

std::string describe_outcome(const Json& item) {
  std::string text = outcome_of(item);
  const std::int64_t code = number_at(item, "exit_code");
  const std::string reason = text_at(item, "reason");
  if (!reason.empty()) text += ": " + harmless(reason);
  if (code != 0 && reason.find("exit code") == std::string::npos)
    text += fmt::format("{} exit code {}", reason.empty() ? ":" : ",", code);
  return text;
}

std::string describe_run(const Json& run) {
  std::string out = fmt::format(
      "{} {} of {}  {}{}\n", styled(Style::strong, "run"), styled(Style::strong, std::to_string(number_at(run, "id"))),
      harmless(text_at(run, "project")), styled(style_of(outcome_of(run)), describe_outcome(run)), took(run));
  out += fmt::format("  {} {} {}  {}\n", harmless(text_at(run, "event")), harmless(text_at(run, "ref")),
                     text_at(run, "commit").substr(0, 12), harmless(text_at(run, "title")));
  out += fmt::format("  by {}, {}\n", harmless(text_at(run, "author", text_at(run, "actor"))),
                     time_ago(text_at(run, "created_at")));
  for (const Json& job : value_at(run, "jobs")) {
    add_line(out, "  ", job);
    for (const Json& step : value_at(job, "steps")) add_line(out, "      ", step);
  }
  return out;
}

}  // namespace slipway::cli
