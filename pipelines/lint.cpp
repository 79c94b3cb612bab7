#include "pipelines/lint.hpp"

#include <numeric>

#include <fmt/format.h>

#include "pipelines/pipeline.hpp"

namespace slipway::pipelines {
namespace {
std::string count(std::size_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}
}  // namespace

LintReport lint(std::string_view text, std::string file) {
  ParsedPipeline parsed = parse_pipeline(text, std::move(file));
  LintReport report{std::move(parsed.diagnostics), {}};
  const Diagnostics& found = report.diagnostics;
  if (!parsed.pipeline) {
    report.summary =
        fmt::format("{}: {}, {}", found.file(), count(found.errors(), "error"), count(found.warnings(), "warning"));
    return report;
  }
  const std::vector<JobRecipe>& jobs = parsed.pipeline->jobs;
  const std::size_t expanded =
      std::accumulate(jobs.begin(), jobs.end(), std::size_t{0},
                      [](std::size_t sum, const JobRecipe& job) { return sum + job.rows.size(); });
  report.summary = fmt::format("{} is valid: {}, {}", found.file(), count(expanded, "job"),
                               count(parsed.pipeline->images.size(), "image"));
  if (found.warnings() > 0) report.summary += fmt::format(", {}", count(found.warnings(), "warning"));
  return report;
}

}  // namespace slipway::pipelines
