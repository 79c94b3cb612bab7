#include <atomic>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>

#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <signal.h>

#include "cli/live_screen.hpp"
#include "cli/run_progress.hpp"
#include "cli/run_ref.hpp"
#include "cli/run_text.hpp"
#include "cli/standard_output.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

using namespace std::chrono_literals;

struct WatchOptions {
  std::string progress = "auto";
  std::string timeout;
};

/// SIGINT, caught for as long as this lives: detaches instead of killing in the middle of a line.
class Interrupt {
 public:
  Interrupt() {
    hit_ = false;
    struct sigaction action{};
    action.sa_handler = [](int) { hit_ = true; };
    ::sigaction(SIGINT, &action, &before_);
  }
  Interrupt(const Interrupt&) = delete;
  ~Interrupt() { ::sigaction(SIGINT, &before_, nullptr); }
  [[nodiscard]] bool hit() const { return hit_; }

 private:
  static std::atomic<bool> hit_;
  struct sigaction before_{};
};
std::atomic<bool> Interrupt::hit_ = false;

/// Asks the stop source to stop when the user interrupts or the deadline passes.
class Watchdog {
 public:
  explicit Watchdog(std::chrono::milliseconds limit)
      : limit_(limit), thread_([this](const std::stop_token& done) { watch(done); }) {}
  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }
  [[nodiscard]] bool interrupted() const { return interrupt_.hit(); }
  [[nodiscard]] bool timed_out() const { return timed_out_; }

 private:
  void watch(const std::stop_token& done) {
    const auto start = std::chrono::steady_clock::now();
    while (!done.stop_requested() && !interrupt_.hit()) {
      if (limit_.count() > 0 && std::chrono::steady_clock::now() - start > limit_) {
        timed_out_ = true;
        break;
      }
      std::this_thread::sleep_for(50ms);
    }
    if (!done.stop_requested()) stop_.request_stop();
  }

  Interrupt interrupt_;
  std::chrono::milliseconds limit_;
  std::stop_source stop_;
  std::atomic<bool> timed_out_ = false;
  std::jthread thread_;
};

/// "90s", "10m", "1h"
Result<std::chrono::milliseconds> parse_limit(const std::string& text) {
  if (text.empty()) return 0ms;
  const auto digits = text.find_first_not_of("0123456789");
  const long count = digits == 0 || text.size() > 9 ? -1 : std::stol(text.substr(0, digits));
  const std::string unit = digits == std::string::npos ? "s" : text.substr(digits);
  if (count >= 0 && unit == "s") return std::chrono::seconds(count);
  if (count >= 0 && unit == "m") return std::chrono::minutes(count);
  if (count >= 0 && unit == "h") return std::chrono::hours(count);
  return fail(Error::Kind::invalid, "--timeout: '" + text + "' is not a time", "for example 90s, 10m or 1h");
}

/// What `auto` means here. A terminal that can't move its cursor gets lines, as a pipe does.
Result<std::string> progress_on(const std::string& asked, bool terminal) {
  if (asked == "tty" && !terminal) {
    return fail(Error::Kind::invalid, "--progress tty: standard output is no terminal", "plain is for everything else");
  }
  if (asked != "auto") return asked;
  const char* kind = std::getenv("TERM");
  const bool moves = kind && *kind && std::string_view(kind) != "dumb";
  return std::string(terminal && moves ? "tty" : "plain");
}

class Watch {
 public:
  Watch(Session& session, const Api& api, std::int64_t number, std::string progress)
      : session_(session), api_(api), path_(fmt::format("/api/v1/runs/{}", number)), progress_(std::move(progress)) {}

  Result<Exit> until_ended(const std::stop_token& stop) {
    if (progress_ == "tty" && !session_.output.json) screen_.emplace();
    Result<Exit> exit = follow(stop);
    screen_.reset();
    return exit;
  }

  [[nodiscard]] bool waits_for_approval() const { return text_at(run_, "state") == "waiting_approval"; }
  [[nodiscard]] const Json& run() const { return run_; }

 private:
  Result<Exit> follow(const std::stop_token& stop) {
    Result<void> shown = show(stop);
    const auto look = [&](const SseEvent& event) {
      if (progress_ == "rawjson") shown = write_output(event.data + "\n");
      if (shown) shown = show(stop);
      return shown && !over();
    };
    Result<void> followed;
    if (shown && !over()) followed = api_.follow(path_ + "/events", {}, look, stop);
    if (over()) return exit_of_verdict(text_at(run_, "verdict"));
    if (stop.stop_requested()) return Exit::detached;
    return fail(shown ? followed.error() : shown.error());
  }

  Result<void> show(const std::stop_token& stop) {
    Result<Json> run = api_.get_patiently(path_, {}, stop);
    if (!run) return fail(run.error());
    run_ = std::move(*run);
    if (screen_) return screen_->show(run_);
    if (progress_ == "quiet" || progress_ == "rawjson" || session_.output.json) return {};
    std::string lines;
    for (const std::string& line : changes_.changes(run_)) lines += line + "\n";
    return write_output(lines);
  }
  [[nodiscard]] bool over() const { return text_at(run_, "state") == "finished" || waits_for_approval(); }

  Session& session_;
  const Api& api_;
  std::string path_, progress_;
  Json run_;
  RunProgress changes_;
  std::optional<LiveScreen> screen_;
};

Result<Exit> run_watch(Session& session, const RunRef& ref, const WatchOptions& options) {
  const Result<std::chrono::milliseconds> limit = parse_limit(options.timeout);
  if (!limit) return fail(session.misuse(limit.error()));
  const Result<std::string> progress = progress_on(options.progress, stdout_is_terminal());
  if (!progress) return fail(session.misuse(progress.error()));
  const Result<std::int64_t> number = find_run(session, ref, 10s);
  if (!number) return fail(number.error());
  const Watchdog watchdog(*limit);
  Watch watch(session, **session.api(), *number, *progress);
  Result<Exit> exit = watch.until_ended(watchdog.token());
  if (!exit) return exit;
  if (session.output.json) {
    if (Result<void> printed = print_json(watch.run(), session.output); !printed) return fail(printed.error());
  }
  if (watch.waits_for_approval()) {
    tell(session, fmt::format("the run waits for an approval: slipway run approve {}", *number));
    return Exit::waiting_for_approval;
  }
  if (*exit != Exit::detached) return exit;
  tell(session, fmt::format("no longer watching; run {} goes on", *number));
  return watchdog.timed_out() ? Exit::timed_out : Exit::detached;
}

}  // namespace

void add_run_watch(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("watch", "follow a run to its end; exits 3 if it fails");
  auto ref = add_run_ref(*verb, session);
  auto options = std::make_shared<WatchOptions>();
  verb->add_option(
          "--progress", options->progress,
          "tty (its jobs, redrawn in place), plain (a line for each change), quiet, rawjson (the run's events as "
          "they come), or auto: tty on a terminal, else plain")
      ->check(CLI::IsMember({"auto", "plain", "tty", "quiet", "rawjson"}))
      ->capture_default_str();
  verb->add_option("--timeout", options->timeout, "stop watching after this long (90s, 10m, 1h) and exit 6");
  add_output_flags(*verb, session);
  verb->callback([&session, ref, options] { session.finish(run_watch(session, *ref, *options)); });
}

}  // namespace slipway::cli
