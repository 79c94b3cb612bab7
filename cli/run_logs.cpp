#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/log_text.hpp"
#include "cli/run_ref.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

struct RunLogsOptions {
  std::string job, step;
  int attempt = 0;
  int tail = 0;
  bool follow = false;
  bool raw = false;
};

struct Log {
  std::string job, step, path;
};

/// The logs that the options ask for, in the order of the run.
std::vector<Log> wanted_logs(const Json& run, const RunLogsOptions& options) {
  std::vector<Log> logs;
  for (const Json& job : value_at(run, "jobs")) {
    const std::string job_name = text_at(job, "name");
    if (!options.job.empty() && options.job != job_name) continue;
    for (const Json& step : value_at(job, "steps")) {
      const std::string step_name = text_at(step, "name");
      if (!options.step.empty() && options.step != step_name) continue;
      logs.push_back({job_name, step_name,
                      fmt::format("/api/v1/runs/{}/jobs/{}/steps/{}/logs", number_at(run, "id"), segment(job_name),
                                  segment(step_name))});
    }
  }
  return logs;
}

/// To stdout: as it is, or line by line without what a terminal would obey.
class LogPrinter {
 public:
  explicit LogPrinter(bool raw) : raw_(raw) {}

  bool print(std::string_view bytes) { return write(raw_ ? std::string(bytes) : text_.add(bytes)); }
  void finish() { write(text_.finish()); }

 private:
  static bool write(std::string_view bytes) {
    return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
  }

  bool raw_;
  LogText text_;
};

Result<void> print_log(const Api& api, const Log& log, const RunLogsOptions& options) {
  Query query = {{"attempt", options.attempt > 0 ? std::to_string(options.attempt) : ""},
                 {"tail", options.tail > 0 ? std::to_string(options.tail) : ""}};
  const bool raw = options.raw || !stdout_is_terminal();
  if (!options.follow) {
    LogPrinter printer(raw);
    Result<void> all = api.download(log.path, query, [&](std::string_view bytes) { return printer.print(bytes); });
    printer.finish();
    return all;
  }
  const auto print = [raw](const SseEvent& event) {
    const Result<Json> line = parse_json(event.data);
    if (!line || !line->contains("text")) return event.name != "end";
    const std::string text = text_at(*line, "text");
    fmt::print("{}{}", raw ? text : harmless_log(text), flag_at(*line, "partial") ? "" : "\n");
    std::fflush(stdout);
    return true;
  };
  return api.follow(log.path, query, print, {});
}

Result<Exit> run_logs(Session& session, const RunRef& ref, const RunLogsOptions& options) {
  const Result<std::int64_t> number = find_run(session, ref);
  if (!number) return fail(number.error());
  const Api& api = **session.api();
  const Result<Json> run = api.get(fmt::format("/api/v1/runs/{}", *number));
  if (!run) return fail(run.error());
  const std::vector<Log> logs = wanted_logs(*run, options);
  if (logs.empty() && !(options.job.empty() && options.step.empty())) {
    return fail(Error::Kind::not_found, "the run has no such job or step",
                fmt::format("'slipway run view {}' lists them", *number));
  }
  for (const Log& log : logs) {
    if (logs.size() > 1) tell(session, styled(Style::strong, "== " + harmless(log.job) + " / " + harmless(log.step)));
    const Result<void> printed = print_log(api, log, options);
    const bool none_yet = !printed && printed.error().kind == Error::Kind::not_found && logs.size() > 1;
    if (!printed && !none_yet) return fail(printed.error());
  }
  return Exit::ok;
}

}  // namespace

void add_run_logs(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("logs", "what the steps of a run wrote");
  auto ref = add_run_ref(*verb, session);
  auto options = std::make_shared<RunLogsOptions>();
  verb->add_option("-j,--job", options->job, "only of this job");
  verb->add_option("-s,--step", options->step, "only of this step");
  verb->add_option("--attempt", options->attempt, "of this attempt, counted from 1 (else the newest)")
      ->check(CLI::PositiveNumber);
  verb->add_option("-n,--tail", options->tail, "only the last lines, this many")->check(CLI::Range(1, 10000));
  verb->add_flag("--raw", options->raw, "to a terminal, too, all bytes as they were written");
  verb->add_flag("-f,--follow", options->follow, "go on as the log grows");
  verb->callback([&session, ref, options] { session.finish(run_logs(session, *ref, *options)); });
}

}  // namespace slipway::cli
