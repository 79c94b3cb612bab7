#include "orchestrator/rollouts/evidence.hpp"

#include "docker-client/log_frames.hpp"
#include "docker-client/task_logs.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::size_t whole_limit = 16 << 10;
constexpr std::int64_t last_lines = 20;
constexpr std::chrono::seconds task_limit{10};

std::string state_of(const docker::Container& container) {
  std::string text = "container " + container.name + ": " + std::string(docker::name_of(container.state.status));
  if (!container.state.running) text += ", exit code " + std::to_string(container.state.exit_code);
  if (container.state.oom_killed) text += ", out of memory";
  if (container.restart_count > 0) text += ", restarted " + std::to_string(container.restart_count) + " times";
  if (!container.state.error.empty()) text += "\n" + container.state.error;
  if (!container.state.health.last_output.empty()) {
    text += "\nhealth check said: " + printable(container.state.health.last_output);
  }
  return text;
}

awaitable<Result<std::string>> text_of(docker::ResponseStream stream, bool tty, std::size_t limit) {
  docker::LogDemultiplexer frames(tty ? docker::LogFormat::raw : docker::LogFormat::multiplexed);
  std::string text;
  while (text.size() < limit) {
    auto chunk = co_await stream.next();
    if (!chunk) co_return fail(chunk.error());
    if (chunk->empty()) break;
    frames.feed(*chunk);
    auto frame = frames.next();
    for (; frame && *frame; frame = frames.next()) text += (*frame)->payload;
    if (!frame) co_return fail(frame.error());
  }
  if (text.size() > limit) text.resize(limit);
  co_return printable(text);
}

}  // namespace

std::string gist_of(std::string_view output) {
  constexpr std::size_t gist_bytes = 300;
  const auto end = output.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return {};
  output = output.substr(0, end + 1);
  output.remove_prefix(output.rfind('\n') + 1);  // npos + 1 is the beginning
  return printable(output.substr(0, gist_bytes));
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte >= 0x20 || c == '\n' || c == '\t' ? c : '?';
  }
  return out;
}

awaitable<Result<std::string>> log_tail(docker::Containers& containers, std::string id, std::int64_t lines,
                                        std::size_t limit) {
  auto container = co_await containers.inspect(id);
  if (!container) co_return fail(container.error());
  docker::LogsRequest what;
  what.tail = lines;
  auto stream = co_await containers.logs(id, std::move(what));
  if (!stream) co_return fail(stream.error());
  co_return co_await text_of(std::move(*stream), container->config.tty, limit);
}

namespace {

awaitable<Result<std::string>> task_log(docker::Transport* transport, std::string task, bool tty) {
  docker::LogsRequest what;
  what.tail = last_lines;
  docker::TaskLogs logs(*transport);
  auto stream = co_await logs.open(std::move(task), std::move(what));
  if (!stream) co_return fail(stream.error());
  co_return co_await text_of(std::move(*stream), tty, whole_limit);
}

}  // namespace

awaitable<std::string> last_words_of_task(docker::Engine& manager, std::string task, bool tty) {
  auto reading = task_log(&manager.transport(), task, tty);
  auto text = co_await with_deadline(task_limit, std::move(reading), "reading the log of a task");
  if (!text || text->empty()) co_return std::string();
  co_return "last lines of the task's log:\n" + *text;
}

awaitable<std::string> last_words(docker::Containers& containers, std::string id) {
  std::string text;
  auto container = co_await containers.inspect(id);
  if (container) text = state_of(*container);
  auto tail = co_await log_tail(containers, id, last_lines, whole_limit);
  if (tail && !tail->empty()) text += "\nlast lines of its log:\n" + *tail;
  if (text.size() > whole_limit) text.resize(whole_limit);
  co_return text;
}

}  // namespace slipway::rollouts
