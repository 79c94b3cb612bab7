#include <map>
#include <thread>

#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/log_text.hpp"
#include "cli/number_check.hpp"
#include "cli/run_ref.hpp"
#include "cli/standard_output.hpp"
#include "cli/verbs.hpp"
#include "cli/wanted_logs.hpp"

namespace slipway::cli {
namespace {

struct RunLogsOptions {
  LogChoice choice;
  int tail = 0;
  bool follow = false;
  bool raw = false;
};

constexpr std::chrono::seconds pause_between_looks{1};  // what a run has to show is no event

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

Result<void> print_as_it_is(const Api& api, const WantedLog& log, const Query& query, bool raw) {
  LogPrinter printer(raw);
  const Result<void> came = api.download(log.path, query, [&](std::string_view bytes) { return printer.print(bytes); });
  const Result<void> printed = printer.finish();
  return printed ? came : printed;
}

/// To the log's end, which the daemon says: that a stream ends says nothing.
Result<void> print_as_it_grows(const Api& api, const WantedLog& log, const Query& query, bool raw,
                               const ReaderWatch& reader) {
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

Query query_of(const WantedLog& log, const RunLogsOptions& options) {
  return {{"attempt", log.attempt > 0 ? std::to_string(log.attempt) : ""},
          {"tail", options.tail > 0 ? std::to_string(options.tail) : ""}};
}

bool is_raw(const RunLogsOptions& options) {
  return options.raw || !stdout_is_terminal();
}

std::string heading(const WantedLog& log) {
  return styled(Style::strong, "== " + harmless(log.title));
}

Result<void> print_all(const Session& session, const Api& api, const Json& run, const RunLogsOptions& options) {
  const std::vector<WantedLog> logs = wanted_logs(run, options.choice);
  const bool all = options.choice.job.empty() && options.choice.step.empty() && options.choice.attempt == 0;
  if (logs.empty() && !all) return fail(why_no_log(run, options.choice));
  if (logs.empty())
    tell(session,
         "the run has no logs" + (text_at(run, "reason").empty() ? "" : ": " + harmless(text_at(run, "reason"))));
  for (const WantedLog& log : logs) {
    if (logs.size() > 1) tell(session, heading(log));
    const Result<void> printed = print_as_it_is(api, log, query_of(log, options), is_raw(options));
    const bool none_yet = !printed && printed.error().kind == Error::Kind::not_found && logs.size() > 1;
    if (!printed && !none_yet) return printed;
  }
  return {};
}

/// One log after the other, each to its end, and those that come to it, until the run has ended.
Result<void> follow_all(const Session& session, const Api& api, const std::string& path,
                        const RunLogsOptions& options) {
  const ReaderWatch reader;
  std::map<std::string, std::int64_t> shown;  // by path: the attempt
  while (!reader.gone().stop_requested()) {
    const Result<Json> run = api.get_patiently(path, {}, reader.gone());
    if (!run) return fail(reader.gone().stop_requested() ? reader_gone() : run.error());
    const std::vector<WantedLog> logs = wanted_logs(*run, options.choice);
    for (const WantedLog& log : logs) {
      const auto seen = shown.find(log.path);
      if (seen != shown.end() && seen->second >= log.attempt) continue;
      shown[log.path] = log.attempt;
      if (logs.size() > 1) tell(session, heading(log));
      const Result<void> printed = print_as_it_grows(api, log, query_of(log, options), is_raw(options), reader);
      if (!printed && printed.error().kind != Error::Kind::not_found) return printed;
    }
    if (text_at(*run, "state") == "finished") {
      return shown.empty() ? print_all(session, api, *run, options) : Result<void>();
    }
    std::this_thread::sleep_for(pause_between_looks);
  }
  return fail(reader_gone());
}

Result<Exit> run_logs(Session& session, const RunRef& ref, const RunLogsOptions& options) {
  const Result<std::int64_t> number = find_run(session, ref);
  if (!number) return fail(number.error());
  const Api& api = **session.api();
  const std::string path = fmt::format("/api/v1/runs/{}", *number);
  Result<void> printed;
  if (options.follow) {
    printed = follow_all(session, api, path, options);
  } else {
    const Result<Json> run = api.get(path);
    if (!run) return fail(run.error());
    printed = print_all(session, api, *run, options);
  }
  if (!printed) return fail(printed.error());
  return Exit::ok;
}

}  // namespace

void add_run_logs(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("logs", "what the steps, builds, pushes and deployments of a run wrote");
  auto ref = add_run_ref(*verb, session);
  auto options = std::make_shared<RunLogsOptions>();
  verb->add_option("-j,--job", options->choice.job, "only of this job or image");
  verb->add_option("-s,--step", options->choice.step, "only of this step");
  verb->add_option("--attempt", options->choice.attempt, "of this attempt, counted from 1 (else the newest)")
      ->check(number_check("an attempt's number", ""));
  verb->add_option("-n,--tail", options->tail, "only the last lines, this many")->check(CLI::Range(1, 10000));
  verb->add_flag("--raw", options->raw, "to a terminal, too, all bytes as they were written");
  verb->add_flag("-f,--follow", options->follow, "go on as logs grow and come to it, until the run has ended");
  verb->callback([&session, ref, options] { session.finish(run_logs(session, *ref, *options)); });
}

}  // namespace slipway::cli
