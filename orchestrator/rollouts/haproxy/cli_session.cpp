#include "orchestrator/rollouts/haproxy/cli_session.hpp"

#include "orchestrator/rollouts/haproxy/config.hpp"

namespace slipway::rollouts::haproxy {
namespace {

constexpr Milliseconds patience{5000};
constexpr std::size_t longest_answer = 4 << 20;
constexpr std::size_t longest_complaint = 500;
constexpr std::string_view prompt = "master> ";

/// Images with HAProxy have no client for its socket, but Debian's have perl and others have socat.
constexpr const char* join_socket = R"(
if command -v socat >/dev/null; then exec socat STDIO "UNIX-CONNECT:$1"; fi
exec perl -MIO::Socket::UNIX -e '
  my $socket = IO::Socket::UNIX->new($ARGV[0]) or die "can not connect: $!";
  my $reader = fork // die "can not fork: $!";
  if ($reader == 0) {
    while (sysread($socket, my $bytes, 65536)) { syswrite(STDOUT, $bytes) }
    kill "TERM", getppid;
    exit 0;
  }
  while (sysread(STDIN, my $bytes, 65536)) { syswrite($socket, $bytes) }
  kill "TERM", $reader;
' "$1")";

bool ends_with_prompt(std::string_view text) {
  return text.ends_with(prompt) && (text.size() == prompt.size() || text[text.size() - prompt.size() - 1] == '\n');
}

}  // namespace

awaitable<Result<CliSession>> CliSession::open(docker::Exec& exec, std::string container, std::string folder) {
  docker::ExecSpec spec({"sh", "-c", join_socket, "sh", folder + "/master.sock"});
  spec.in = true;
  spec.user = "0:0";
  auto id = co_await exec.create(container, std::move(spec));
  if (!id) co_return fail(id.error());
  auto stream = co_await exec.start(*id);
  if (!stream) co_return fail(stream.error());
  CliSession session(std::move(*stream));
  auto greeted = co_await session.ask("prompt");
  if (!greeted) co_return fail(greeted.error().in("speak to HAProxy in container " + container));
  co_return session;
}

awaitable<Result<std::string>> CliSession::until_prompt() {
  std::string text;
  while (!ends_with_prompt(text)) {
    auto bytes = co_await stream_.read();
    if (!bytes) co_return fail(bytes.error());
    if (bytes->empty()) {
      co_return fail(Error::Kind::unavailable, "HAProxy's socket was closed" + (errors_.empty() ? "" : ": " + errors_));
    }
    frames_.feed(*bytes);
    auto frame = frames_.next();
    for (; frame && *frame; frame = frames_.next()) {
      if ((*frame)->stream == docker::LogStream::err) {
        errors_ += (*frame)->payload.substr(0, longest_complaint - std::min(longest_complaint, errors_.size()));
      } else {
        text += (*frame)->payload;
      }
    }
    if (!frame) co_return fail(frame.error());
    if (text.size() > longest_answer) co_return fail(Error::Kind::too_large, "HAProxy's answer does not end");
  }
  text.resize(text.size() - prompt.size());
  co_return text;
}

awaitable<Result<std::string>> CliSession::ask(std::string command) {
  if (command.find_first_of("\r\n;") != std::string::npos) {
    co_return fail(Error::Kind::invalid, "that is more than one command for HAProxy");
  }
  // The rest of an answer that nobody waited for would be taken for this one's.
  if (inside_answer_) co_return fail(Error::Kind::unavailable, "the conversation with HAProxy was broken off");
  inside_answer_ = true;
  auto written = co_await stream_.write(command + "\n");
  if (!written) co_return fail(written.error());
  auto answer = co_await with_deadline(patience, until_prompt(), "HAProxy's answer to '" + command + "'");
  inside_answer_ = !answer;
  co_return answer;
}

awaitable<Result<std::string>> CliSession::ask(std::int64_t worker, std::string command) {
  co_return co_await ask("@!" + std::to_string(worker) + " " + command);
}

awaitable<Result<Workers>> CliSession::workers() {
  auto text = co_await ask("show proc");
  if (!text) co_return fail(text.error());
  co_return parse_workers(*text);
}

awaitable<Result<void>> CliSession::bring_to(std::string application, ProxyTable::Services services) {
  auto known = co_await workers();
  if (!known) co_return fail(known.error());
  for (const std::int64_t pid : known->all()) {
    auto told = co_await tell(pid, commands_for(application, services));
    if (!told) co_return told;
    auto stat = co_await ask(pid, std::string(servers_question));
    if (!stat) co_return fail(stat.error());
    if (is_gone(*stat)) continue;
    auto rest = removals(*stat, application, services);
    if (!rest) co_return fail(rest.error());
    told = co_await tell(pid, std::move(*rest));
    if (!told) co_return told;
  }
  co_return Result<void>();
}

/// A worker whose last connection was closed just now needs to hear nothing.
awaitable<Result<void>> CliSession::tell(std::int64_t worker, std::vector<Command> commands) {
  for (const Command& command : commands) {
    auto answer = co_await ask(worker, command.text);
    if (!answer) co_return fail(answer.error());
    if (is_gone(*answer)) break;
    if (is_success(command, *answer)) continue;
    co_return fail(Error::Kind::failed, "HAProxy says to '" + command.text + "': " + *answer);
  }
  co_return Result<void>();
}

awaitable<Result<std::string>> CliSession::structure() {
  auto known = co_await workers();
  if (!known) co_return fail(known.error());
  if (known->current == 0) co_return std::string();
  auto text = co_await ask(known->current, "show env " + std::string(structure_variable));
  if (!text) co_return fail(text.error());
  const auto begin = text->find('=');
  if (begin == std::string::npos) co_return std::string();
  co_return text->substr(begin + 1, text->find_first_of("\r\n", begin) - begin - 1);
}

}  // namespace slipway::rollouts::haproxy
