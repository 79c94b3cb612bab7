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

/// To the log's end, which the daemon says: that a stream ends says nothing. True if anything came.
Result<bool> print_as_it_grows(const Api& api, const WantedLog& log, const Query& query, bool raw,
                               const ReaderWatch& reader) {
  Result<void> written;
  bool came = false;
  const auto print = [&](const SseEvent& event) {
    if (event.name == "end") return false;
    const Result<Json> line = parse_json(event.data);
    if (!line || !line->contains("text")) return true;
    came = true;
    const std::string text = text_at(*line, "text");
    written = write_output((raw ? text : harmless_log(text)) + (flag_at(*line, "partial") ? "" : "\n"));
    return written.has_value();
  };
  const Result<void> followed = api.follow(log.path, query, print, reader.gone());
  if (written && reader.gone().stop_requested()) return fail(reader_gone());
  if (!written) return fail(written.error());
  if (!followed) return fail(followed.error());
  return came;
}

Query query_of(const WantedLog& log, const RunLogsOptions& options) {
  return {{"attempt", log.attempt > 0 ? std::to_string(log.attempt) : ""},
          {"tail", options.tail > 0 ? std::to_string(options.tail) : ""}};
}

bool is_raw(const RunLogsOptions& options) {
  return options.raw || !stdout_is_terminal();
}

/// Prints logs of a run one after the other, and tells of those that are not there why. Borrows all it is given.
class LogsInTurn {
 public:
  LogsInTurn(const Session& session, const Api& api, const RunLogsOptions& options)
      : session_(session), api_(api), options_(options) {}

  /// With a reader the log is followed to its end. Fails if those that come after it need not be tried.
  Result<void> print(const WantedLog& log, bool one_of_several, const ReaderWatch* reader) {
    if (one_of_several) tell(session_, styled(Style::strong, "== " + harmless(log.title)));
    const Result<void> printed = reader ? follow(log, *reader) : as_it_is(log);
    if (printed) shown_ = true;
    if (printed || printed.error().kind != Error::Kind::not_found) return printed;
    missing_ = true;
    fmt::print(stderr, "slipway: {}: {}\n", harmless(log.title), harmless(printed.error().message));
    return {};
  }
  /// Fails if there were logs, and not one of them could be shown; it was told why.
  [[nodiscard]] Result<void> finish() const {
    return missing_ && !shown_ ? fail(Error::Kind::not_found, "") : Result<void>();
  }

 private:
  Result<void> as_it_is(const WantedLog& log) {
    return print_as_it_is(api_, log, query_of(log, options_), is_raw(options_));
  }
  Result<void> follow(const WantedLog& log, const ReaderWatch& reader) {
    const Result<bool> came = print_as_it_grows(api_, log, query_of(log, options_), is_raw(options_), reader);
    if (!came) return fail(came.error());
    return *came ? Result<void>() : as_it_is(log);  // which tells an empty one from one that is gone
  }

  const Session& session_;
  const Api& api_;
  const RunLogsOptions& options_;
  bool shown_ = false;
  bool missing_ = false;
};

/// A run whose file has errors has their report instead.
Result<void> print_why_none(const Session& session, const Api& api, const Json& run, const RunLogsOptions& options) {
  if (!options.choice.all()) return fail(why_no_log(run, options.choice));
  if (const std::optional<WantedLog> report = report_of(run)) {
    const Result<void> printed = print_as_it_is(api, *report, query_of(*report, options), is_raw(options));
    if (printed || printed.error().kind != Error::Kind::not_found) return printed;
  }
  const std::string reason = text_at(run, "reason");
  tell(session, "the run has no logs" + (reason.empty() ? "" : ": " + harmless(reason)));
  return {};
}

Result<void> print_all(const Session& session, const Api& api, const Json& run, const RunLogsOptions& options) {
  const std::vector<WantedLog> logs = wanted_logs(run, options.choice);
  if (logs.empty()) return print_why_none(session, api, run, options);
  LogsInTurn turn(session, api, options);
  for (const WantedLog& log : logs) {
    const Result<void> printed = turn.print(log, logs.size() > 1, nullptr);
    if (!printed) return printed;
  }
  return turn.finish();
}

/// Said once, so that who named a job or step knows that silence is no mistake of theirs.
void tell_of_waiting(const Session& session, const Json& run, const LogChoice& choice, bool& told) {
  const bool planned = !value_at(run, "jobs").empty();
  if (told || choice.all() || !planned || text_at(run, "state") == "finished") return;
  told = true;
  const std::string step = choice.step.empty() || choice.job.empty() ? choice.step : " / " + choice.step;
  const std::string attempt = choice.attempt > 0 ? fmt::format("attempt {}", choice.attempt) : "";
  const std::string of = attempt.empty() || (choice.job + step).empty() ? "" : " of ";
  tell(session,
       fmt::format("waiting for {}{}{}{}, which has not begun", attempt, of, harmless(choice.job), harmless(step)));
}

/// One log after the other, each to its end, and those that come to it, until the run has ended.
Result<void> follow_all(const Session& session, const Api& api, const std::string& path,
                        const RunLogsOptions& options) {
  const ReaderWatch reader;
  std::map<std::string, std::int64_t> seen;  // by path: the attempt
  LogsInTurn turn(session, api, options);
  bool told = false;
  while (!reader.gone().stop_requested()) {
    const Result<Json> run = api.get_patiently(path, {}, reader.gone());
    if (!run) return fail(reader.gone().stop_requested() ? reader_gone() : run.error());
    if (std::optional<Error> unknown = unknown_name(*run, options.choice)) return fail(std::move(*unknown));
    const std::vector<WantedLog> logs = wanted_logs(*run, options.choice);
    if (logs.empty()) tell_of_waiting(session, *run, options.choice, told);
    for (const WantedLog& log : logs) {
      const auto known = seen.find(log.path);
      if (known != seen.end() && known->second >= log.attempt) continue;
      seen[log.path] = log.attempt;
      const Result<void> printed = turn.print(log, logs.size() > 1, &reader);
      if (!printed) return printed;
    }
    if (text_at(*run, "state") == "finished") {
      return seen.empty() ? print_all(session, api, *run, options) : turn.finish();
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
