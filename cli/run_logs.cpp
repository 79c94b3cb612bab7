#include <algorithm>

#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/log_text.hpp"
#include "cli/run_ref.hpp"
#include "cli/standard_output.hpp"
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
  std::int64_t attempt = 0;
};

/// The logs that the options ask for, in the order of the run: of each step one attempt's, so that who comes back to it
/// after a lost connection does not land in the next one's.
std::vector<Log> wanted_logs(const Json& run, const RunLogsOptions& options) {
  std::vector<Log> logs;
  for (const Json& job : value_at(run, "jobs")) {
    const std::string job_name = text_at(job, "name");
    if (!options.job.empty() && options.job != job_name) continue;
    for (const Json& step : value_at(job, "steps")) {
      const std::string step_name = text_at(step, "name");
      if (!options.step.empty() && options.step != step_name) continue;
      const std::string path = fmt::format("/api/v1/runs/{}/jobs/{}/steps/{}/logs", number_at(run, "id"),
                                           segment(job_name), segment(step_name));
      const std::int64_t attempt = options.attempt > 0 ? options.attempt : number_at(step, "attempt");
      const auto same = std::find_if(logs.begin(), logs.end(), [&](const Log& log) { return log.path == path; });
      if (same != logs.end()) {
        same->attempt = std::max(same->attempt, attempt);
      } else {
        logs.push_back({job_name, step_name, path, attempt});
      }
    }
  }
  return logs;
}

/// To stdout: as it is, or line by line without what a terminal would obey.
class LogPrinter {
 public:
  explicit LogPrinter(bool raw) : raw_(raw) {}

  /// False once standard output takes no more.
  bool print(std::string_view bytes) {
    const std::string text = raw_ ? std::string(bytes) : text_.add(bytes);
    written_ = write_output(text);
    return written_.has_value();
  }
  Result<void> finish() { return written_ ? write_output(text_.finish()) : written_; }

 private:
  bool raw_;
  LogText text_;
  Result<void> written_;
};

Result<void> print_as_it_is(const Api& api, const Log& log, const Query& query, bool raw) {
  LogPrinter printer(raw);
  const Result<void> came = api.download(log.path, query, [&](std::string_view bytes) { return printer.print(bytes); });
  const Result<void> printed = printer.finish();
  return printed ? came : printed;
}

/// To the log's end, which the daemon says: that a stream ends says nothing.
Result<void> print_as_it_grows(const Api& api, const Log& log, const Query& query, bool raw) {
  const ReaderWatch reader;
  Result<void> written;
  const auto print = [&](const SseEvent& event) {
    if (event.name == "end") return false;
    const Result<Json> line = parse_json(event.data);
    if (!line || !line->contains("text")) return true;
    const std::string text = text_at(*line, "text");
    written = write_output((raw ? text : harmless_log(text)) + (flag_at(*line, "partial") ? "" : "\n"));
    return written.has_value();
  };
  const Result<void> followed = api.follow(log.path, query, print, reader.gone());
  if (written && reader.gone().stop_requested()) return fail(reader_gone());
  return written ? followed : written;
}

Result<void> print_log(const Api& api, const Log& log, const RunLogsOptions& options) {
  const Query query = {{"attempt", log.attempt > 0 ? std::to_string(log.attempt) : ""},
                       {"tail", options.tail > 0 ? std::to_string(options.tail) : ""}};
  const bool raw = options.raw || !stdout_is_terminal();
  return options.follow ? print_as_it_grows(api, log, query, raw) : print_as_it_is(api, log, query, raw);
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
