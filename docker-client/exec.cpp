#include "docker-client/exec.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/http_client.hpp"
#include "docker-client/call.hpp"
#include "docker-client/json_fields.hpp"
#include "docker-client/log_frames.hpp"

namespace slipway::docker {
namespace {

Json exec_body(const ExecSpec& spec) {
  Json body = {{"AttachStdin", spec.in}, {"AttachStdout", true}, {"AttachStderr", true},       {"Tty", spec.tty},
               {"Cmd", spec.command},    {"Env", spec.env},      {"WorkingDir", spec.workdir}, {"User", spec.user}};
  return body;
}

/// Moves whole frames from `frames` to the outcome, within the limit.
Result<void> collect(LogDemultiplexer& frames, ExecOutcome& outcome, std::size_t limit) {
  for (;;) {
    Result<std::optional<LogFrame>> frame = frames.next();
    if (!frame) return fail(std::move(frame.error()));
    if (!*frame) return {};
    const std::string_view text = (*frame)->payload;
    const std::size_t room = limit - std::min(limit, outcome.output.size());
    outcome.output += text.substr(0, room);
    outcome.truncated = outcome.truncated || text.size() > room;
  }
}

awaitable<Result<void>> drain(HijackedStream stream, LogFormat format, ExecOutcome& outcome, std::size_t limit) {
  LogDemultiplexer frames(format);
  for (;;) {
    Result<std::string> bytes = co_await stream.read();
    if (!bytes) co_return fail(std::move(bytes.error()));
    if (bytes->empty()) co_return Result<void>();
    frames.feed(*bytes);
    Result<void> taken = collect(frames, outcome, limit);
    if (!taken) co_return taken;
  }
}

}  // namespace

awaitable<Result<std::string>> Exec::create(std::string container, ExecSpec spec) {
  Request request("POST", "/containers/" + percent_encode(container) + "/exec");
  request.json(dump_json(exec_body(spec)));
  Result<Json> body = co_await call_json(transport_, std::move(request), "exec in container " + container);
  if (!body) co_return fail(std::move(body.error()));
  co_return text_at(*body, "Id");
}

awaitable<Result<HijackedStream>> Exec::start(std::string id, bool tty) {
  Request request("POST", "/exec/" + percent_encode(id) + "/start");
  const Json body = {{"Detach", false}, {"Tty", tty}};
  request.json(dump_json(body));
  Result<HijackedStream> stream = co_await transport_.hijack(std::move(request));
  if (!stream) co_return fail(std::move(stream.error()).in("start exec"));
  co_return stream;
}

awaitable<Result<ExecState>> Exec::inspect(std::string id) {
  Request request("GET", "/exec/" + percent_encode(id) + "/json");
  Result<Json> body = co_await call_json(transport_, std::move(request), "inspect exec");
  if (!body) co_return fail(std::move(body.error()));
  ExecState state;
  state.running = flag_at(*body, "Running");
  state.pid = static_cast<int>(number_at(*body, "Pid"));
  if (!state.running && value_at(*body, "ExitCode").is_number())
    state.exit_code = static_cast<int>(number_at(*body, "ExitCode"));
  co_return state;
}

awaitable<Result<ExecOutcome>> Exec::run(std::string container, ExecSpec spec, std::size_t output_limit) {
  const bool tty = spec.tty;
  Result<std::string> id = co_await create(container, std::move(spec));
  if (!id) co_return fail(std::move(id.error()));
  co_return co_await carry_out(*id, tty, output_limit);
}

awaitable<Result<ExecOutcome>> Exec::carry_out(std::string id, bool tty, std::size_t output_limit) {
  Result<HijackedStream> stream = co_await start(id, tty);
  if (!stream) co_return fail(std::move(stream.error()));
  ExecOutcome outcome;
  const LogFormat format = tty ? LogFormat::raw : LogFormat::multiplexed;
  Result<void> drained = co_await drain(std::move(*stream), format, outcome, output_limit);
  if (!drained) co_return fail(std::move(drained.error()).in("read what exec says"));
  // The stream ends a moment before the Engine has noted the exit.
  for (auto pause = std::chrono::milliseconds(1);; pause = std::min(pause * 2, std::chrono::milliseconds(200))) {
    Result<ExecState> state = co_await inspect(id);
    if (!state) co_return fail(std::move(state.error()));
    if (state->exit_code) {
      outcome.exit_code = *state->exit_code;
      co_return outcome;
    }
    co_await sleep_for(pause);
  }
}

}  // namespace slipway::docker
