#include <algorithm>

#include <nlohmann/json.hpp>

#include "orchestrator/http/backend.hpp"
#include "orchestrator/http/sse.hpp"
#include "orchestrator/store/attempts.hpp"
#include "orchestrator/store/jobs.hpp"
#include "orchestrator/store/runs.hpp"

namespace slipway::http {
namespace {

enum class Format { text, json_lines, events };

constexpr std::size_t chunk_bytes = 64 << 10;

std::size_t stored_size(const logs::Record& record) {
  std::string stored;
  logs::append_record(stored, record.time, record.stream, record.ends_line, record.text);
  return stored.size();
}

Json line_of(const logs::Record& record, std::uint64_t offset) {
  return {{"offset", offset},
          {"time", record.time},
          {"stream", logs::name_of(record.stream)},
          {"text", record.text},
          {"partial", !record.ends_line}};
}

/// A chunk in the format asked for. An event's id is where the next record starts. Those of damaged records, whose
/// stored size is not known, are left out, so that a client goes on before rather than behind what it missed.
std::string format_chunk(const logs::LogChunk& chunk, Format format) {
  std::string out;
  std::uint64_t offset = chunk.offset;
  for (std::size_t i = 0; i < chunk.records.size(); ++i) {
    const logs::Record& record = chunk.records[i];
    if (format == Format::text) {
      out += record.text;
      if (record.ends_line) out += '\n';
      continue;
    }
    const bool last = i + 1 == chunk.records.size();
    const std::string line = dump_json(line_of(record, offset));
    offset = last ? chunk.next : offset + stored_size(record);
    if (format == Format::json_lines) out += line + "\n";
    if (format == Format::events) out += sse_event(offset <= chunk.next ? std::to_string(offset) : "", "line", line);
  }
  return out;
}

/// What a log is of.
struct Writer {
  store::AttemptKey attempt;  ///< of a build, a push or a deployment: without a step; of the planning: without a job
  bool build = false;         ///< `attempt.job` is an image
};

/// The log that was asked for. It need not be there: a step's container is made while the step before runs, and may
/// never be started.
struct WantedLog {
  logs::LogKey key;
  Writer writer;
  std::string why_missing;  ///< once nothing more will be written, and it is not there
};

bool has_ended(const store::Attempt& attempt) {
  using store::AttemptState;
  return attempt.state == AttemptState::exited || attempt.state == AttemptState::removed ||
         attempt.state == AttemptState::quarantined;
}

/// Whether the job's attempt has ended, or its run; of the planning, whether its run has begun.
Result<bool> work_is_over(store::Transaction& tx, const Writer& writer) {
  const auto run = store::Runs(tx).get(writer.attempt.run);
  if (!run) return fail(run.error());
  if (run->state == store::RunState::finished) return true;
  if (writer.attempt.job.empty()) return run->state == store::RunState::running;
  const auto jobs = store::Jobs(tx).list(writer.attempt.run);
  if (!jobs) return fail(jobs.error());
  return std::ranges::any_of(*jobs, [&](const store::Job& job) {
    if (job.name != writer.attempt.job || (job.kind == store::JobKind::build) != writer.build) return false;
    return job.state == store::JobState::finished || job.attempt > writer.attempt.attempt;
  });
}

/// Whether nothing more will be written. A log that has begun may grow after its job has ended, if it is a service's.
Result<bool> is_over(store::Transaction& tx, const Writer& writer, bool begun) {
  if (writer.attempt.step.empty()) return work_is_over(tx, writer);
  const auto attempt = store::Attempts(tx).get(writer.attempt);
  if (!attempt) return fail(attempt.error());
  if (has_ended(*attempt)) return true;
  return begun ? Result<bool>(false) : work_is_over(tx, writer);
}

bool is_missing(const Result<logs::LogChunk>& chunk) {
  return !chunk && chunk.error().kind == Error::Kind::not_found;
}

/// A log from one offset to its present end; as events, to its end for good. Borrows the store and the logs.
class LogStream final : public Stream {
 public:
  LogStream(store::Store& store, logs::LogReader& reader, WantedLog wanted, std::uint64_t offset, Format format)
      : store_(store),
        reader_(reader),
        key_(std::move(wanted.key)),
        writer_(std::move(wanted.writer)),
        offset_(offset),
        format_(format) {}

  void begin_with(logs::LogChunk chunk) {
    first_ = std::move(chunk);
    begun_ = true;
  }

  awaitable<Result<std::string>> next() override {
    if (ended_) co_return std::string();
    while (true) {
      Result<logs::LogChunk> chunk = co_await next_chunk();
      if (!chunk && chunk.error().kind == Error::Kind::timeout && format_ == Format::events) co_return sse_comment();
      if (is_missing(chunk)) co_return std::string();  // nothing written yet
      if (!chunk) co_return fail(chunk.error());
      offset_ = chunk->next;
      std::string out = format_chunk(*chunk, format_);
      const bool at_end = format_ == Format::events ? chunk->ended : chunk->records.empty();
      if (at_end) {
        ended_ = true;
        if (format_ == Format::events) out += sse_event(std::to_string(offset_), "end", "{}");
      }
      if (!out.empty() || at_end) co_return out;
    }
  }

 private:
  awaitable<Result<logs::LogChunk>> next_chunk() {
    if (first_) {
      logs::LogChunk chunk = std::move(*first_);
      first_.reset();
      co_return chunk;
    }
    if (format_ != Format::events) co_return co_await reader_.read(key_, offset_, chunk_bytes);
    auto waiting = caught_up_ ? reader_.follow(key_, offset_, chunk_bytes) : catch_up();
    Result<logs::LogChunk> chunk = co_await with_deadline(heartbeat, std::move(waiting), "waiting for the log");
    if (chunk || chunk.error().kind != Error::Kind::timeout || !begun_) co_return chunk;
    // Silent for long: nobody may have come to say that it has ended.
    const Result<bool> over = co_await ask_whether_over();
    if (!over) co_return fail(over.error());
    if (!*over) co_return chunk;
    co_return co_await last_chunk();
  }

  /// What is there. Behind that nobody may come to say that the log is over, so it is asked once.
  awaitable<Result<logs::LogChunk>> catch_up() {
    auto reading = begun_ ? reader_.read(key_, offset_, chunk_bytes) : first_of_all();
    Result<logs::LogChunk> chunk = co_await std::move(reading);
    if (!chunk || !chunk->records.empty() || chunk->ended) co_return chunk;
    caught_up_ = true;
    const Result<bool> over = co_await ask_whether_over();
    if (!over) co_return fail(over.error());
    if (*over) co_return co_await last_chunk();
    auto following = reader_.follow(key_, offset_, chunk_bytes);
    co_return co_await std::move(following);
  }

  /// Of a log that may not be there yet, or never will be.
  awaitable<Result<logs::LogChunk>> first_of_all() {
    Result<logs::LogChunk> chunk = co_await reader_.read(key_, offset_, chunk_bytes);
    if (is_missing(chunk)) {
      auto following = reader_.follow(key_, offset_, chunk_bytes);
      auto race = slipway::first_of(std::move(following), until_over());
      auto first = co_await std::move(race);
      if (first.index() == 0) {
        chunk = std::move(std::get<0>(first));
      } else {
        const Result<void>& over = std::get<1>(first);
        if (!over) co_return fail(over.error());
        chunk = co_await reader_.read(key_, offset_, chunk_bytes);
        if (is_missing(chunk)) co_return end_here();
      }
    }
    if (chunk) begun_ = true;
    co_return chunk;
  }

  /// Whatever happens in the daemon may be the end of it, but it is asked once a second at most; and now and then
  /// without that, since an attempt's states are no events.
  awaitable<Result<void>> until_over() {
    for (;;) {
      const std::int64_t seen = store_.newest_event();
      const auto next = std::chrono::steady_clock::now() + time_between_questions;
      const Result<bool> over = co_await ask_whether_over();
      if (!over) co_return fail(over.error());
      if (*over) co_return Result<void>();
      auto happening = slipway::first_of(store_.next_event(seen), sleep_for(time_between_looks));
      co_await std::move(happening);
      const auto now = std::chrono::steady_clock::now();
      if (now < next) co_await sleep_for(next - now);
    }
  }

  awaitable<Result<bool>> ask_whether_over() {
    auto work = [writer = writer_, begun = begun_](store::Transaction& tx) { return is_over(tx, writer, begun); };
    Result<bool> over = co_await store_.read(std::move(work));
    if (!over && over.error().kind == Error::Kind::not_found) co_return true;  // its run is kept no longer
    co_return over;
  }

  /// What is left of a log that is over, whether or not it was ever begun or properly ended.
  awaitable<Result<logs::LogChunk>> last_chunk() {
    Result<logs::LogChunk> chunk = co_await reader_.read(key_, offset_, chunk_bytes);
    if (is_missing(chunk) || (chunk && chunk->records.empty())) co_return end_here();
    co_return chunk;
  }

  [[nodiscard]] logs::LogChunk end_here() const {
    logs::LogChunk end;
    end.offset = end.next = offset_;
    end.ended = true;
    return end;
  }

  static constexpr std::chrono::seconds time_between_questions{1};
  static constexpr std::chrono::seconds time_between_looks{3};
  store::Store& store_;
  logs::LogReader& reader_;
  logs::LogKey key_;
  Writer writer_;
  std::uint64_t offset_;
  Format format_;
  std::optional<logs::LogChunk> first_;
  bool begun_ = false;      // it was seen
  bool caught_up_ = false;  // up to its end at that time
  bool ended_ = false;
};

/// The attempt asked for, or the newest.
Result<store::Attempt> choose(const std::vector<store::Attempt>& attempts, const std::string& job,
                              const std::string& step, std::int64_t number) {
  const store::Attempt* chosen = nullptr;
  for (const store::Attempt& attempt : attempts) {
    if (attempt.key.job != job || attempt.key.step != step) continue;
    if (number != 0 && attempt.key.attempt != number) continue;
    if (!chosen || attempt.key.attempt > chosen->key.attempt) chosen = &attempt;
  }
  if (!chosen) return fail(Error::Kind::not_found, "job '" + job + "' has no step '" + step + "' that has begun");
  if (chosen->log_name.empty()) return fail(Error::Kind::not_found, "the log of step '" + step + "' is not kept");
  return *chosen;
}

/// What of a run a log is asked for.
enum class Subject { step, job, build, plan };

Result<WantedLog> log_of_step(store::Transaction& tx, RunId run, const Request& request, std::int64_t number) {
  const auto attempts = store::Attempts(tx).list(run);
  if (!attempts) return fail(attempts.error());
  const Result<store::Attempt> attempt = choose(*attempts, request.parameter("job"), request.parameter("step"), number);
  if (!attempt) return fail(attempt.error());
  const std::string& step = attempt->key.step;
  return WantedLog{logs::LogKey(run, attempt->log_name), Writer{attempt->key, false},
                   attempt->started ? "the log of step '" + step + "' is gone" : "step '" + step + "' was not started"};
}

/// A build, a push or a deployment, which has no steps.
Result<WantedLog> log_of_work(store::Transaction& tx, RunId run, const Backend& backend, const std::string& name,
                              bool build, std::int64_t number) {
  const auto jobs = store::Jobs(tx).list(run);
  if (!jobs) return fail(jobs.error());
  for (const store::Job& job : *jobs) {
    if (job.name != name || (job.kind == store::JobKind::build) != build) continue;
    if (job.kind == store::JobKind::run) {
      return fail(Error::Kind::not_found, "the log of job '" + name + "' is in its steps", "name a step");
    }
    const std::int64_t attempt = number > 0 ? number : job.attempt;
    if (attempt == 0 || attempt > job.attempt) break;
    if (build ? !backend.build_log : !backend.work_log) break;
    std::string log = build ? backend.build_log(name) : backend.work_log(name, static_cast<int>(attempt));
    return WantedLog{logs::LogKey(run, std::move(log)), Writer{store::AttemptKey(run, name, "", attempt), build},
                     std::string("the log of ") + (build ? "image" : "job") + " '" + name + "' is gone"};
  }
  return fail(Error::Kind::not_found, std::string(build ? "image" : "job") + " '" + name + "' has no such log");
}

/// What the run's pipeline file was found to have of errors.
Result<WantedLog> log_of_plan(RunId run, const Backend& backend) {
  std::string why = "there is no report: no errors were found in the run's file";
  if (!backend.plan_log) return fail(Error::Kind::not_found, std::move(why));
  return WantedLog{logs::LogKey(run, backend.plan_log()), Writer{store::AttemptKey(run, "", "", 0), false},
                   std::move(why)};
}

Result<WantedLog> find_in_run(store::Transaction& tx, RunId run, const Backend& backend, const Request& request,
                              Subject subject, std::int64_t number) {
  const Result<store::Run> known = store::Runs(tx).get(run);
  if (!known) return fail(known.error());
  switch (subject) {
    case Subject::step:
      return log_of_step(tx, run, request, number);
    case Subject::job:
      return log_of_work(tx, run, backend, request.parameter("job"), false, number);
    case Subject::build:
      return log_of_work(tx, run, backend, request.parameter("image"), true, number);
    case Subject::plan:
      return log_of_plan(run, backend);
  }
  return fail(Error::Kind::internal, "an unknown kind of log");
}

awaitable<Result<WantedLog>> find_log(Backend& backend, Request request, Subject subject) {
  const Result<std::int64_t> id = request.id_parameter("run");
  if (!id) co_return fail(id.error());
  const auto number = request.number_argument("attempt", 0, 1, INT32_MAX);
  if (!number) co_return fail(number.error());
  const RunId run(*id);
  auto work = [&backend, request = std::move(request), run, subject, number = *number](store::Transaction& tx) {
    return find_in_run(tx, run, backend, request, subject, number);
  };
  co_return co_await backend.store.read(std::move(work));
}

Format format_of(const Request& request) {
  if (request.accepts("text/event-stream")) return Format::events;
  if (request.accepts("application/jsonl") || request.accepts("application/json")) return Format::json_lines;
  return Format::text;
}

std::string content_type_of(Format format) {
  switch (format) {
    case Format::text:
      return "text/plain; charset=utf-8";
    case Format::json_lines:
      return "application/jsonl";
    case Format::events:
      return "text/event-stream";
  }
  return "";
}

/// What the answer begins with; nothing where it can't be known yet. Kind::not_found if there is no such log, and won't
/// be.
awaitable<Result<std::optional<logs::LogChunk>>> first_chunk(Backend& backend, WantedLog wanted, std::size_t tail,
                                                             std::uint64_t offset, Format format) {
  using First = Result<std::optional<logs::LogChunk>>;
  if (format == Format::events && tail == 0) co_return First(std::nullopt);
  auto reading = tail > 0 ? backend.logs.tail(wanted.key, tail) : backend.logs.read(wanted.key, offset, chunk_bytes);
  Result<logs::LogChunk> chunk = co_await std::move(reading);
  if (chunk) co_return First(std::move(*chunk));
  if (!is_missing(chunk)) co_return fail(chunk.error());
  if (format == Format::events) co_return First(std::nullopt);
  auto work = [writer = wanted.writer](store::Transaction& tx) { return is_over(tx, writer, false); };
  const Result<bool> over = co_await backend.store.read(std::move(work));
  if (!over) co_return fail(over.error());
  if (*over) co_return fail(Error::Kind::not_found, std::move(wanted.why_missing));
  co_return First(std::nullopt);
}

awaitable<Result<Response>> log(Backend& backend, Request request, Subject subject) {
  const auto offset = resume_point(request, "offset");
  if (!offset) co_return fail(offset.error());
  const auto tail = request.number_argument("tail", 0, 1, 10000);
  if (!tail) co_return fail(tail.error());
  const Format format = format_of(request);
  Result<WantedLog> wanted = co_await find_log(backend, std::move(request), subject);
  if (!wanted) co_return fail(wanted.error());
  const auto from = static_cast<std::uint64_t>(offset->value_or(0));
  auto reading = first_chunk(backend, *wanted, *offset ? 0 : static_cast<std::size_t>(*tail), from, format);
  Result<std::optional<logs::LogChunk>> first = co_await std::move(reading);
  if (!first) co_return fail(first.error());
  auto stream = std::make_unique<LogStream>(backend.store, backend.logs, std::move(*wanted), from, format);
  if (*first) stream->begin_with(std::move(**first));
  co_return stream_response(std::move(stream), content_type_of(format));
}

}  // namespace

void add_log_routes(Router& router, Backend& backend) {
  using store::Role;
  router.add({"GET", "/api/v1/runs/{run}/jobs/{job}/steps/{step}/logs", Role::viewer,
              [&](Request r) { return log(backend, std::move(r), Subject::step); }});
  router.add({"GET", "/api/v1/runs/{run}/jobs/{job}/logs", Role::viewer,
              [&](Request r) { return log(backend, std::move(r), Subject::job); }});
  router.add({"GET", "/api/v1/runs/{run}/builds/{image}/logs", Role::viewer,
              [&](Request r) { return log(backend, std::move(r), Subject::build); }});
  router.add({"GET", "/api/v1/runs/{run}/plan/logs", Role::viewer,
              [&](Request r) { return log(backend, std::move(r), Subject::plan); }});
}

}  // namespace slipway::http
