#pragma once
#include <string>
#include <string_view>

#include "base/async.hpp"
#include "docker-client/engine.hpp"

namespace slipway::rollouts {

/// A container may write anything: only what a terminal can bear is shown.
std::string printable(std::string_view text);

/// What an output comes to, for a reason of one line: its last line that is not blank, at most 300 bytes of it,
/// printable. A traceback ends with what went wrong; a program that says one thing says it there, too.
std::string gist_of(std::string_view output);

/// What a container that did not work out leaves to say: exit code, health check output, and its last 20 log lines, as
/// text of at most 16 KiB for a person to read. Never fails: what can't be had is left out.
awaitable<std::string> last_words(docker::Containers& containers, std::string id);

/// The same of a task of a swarm, through `manager`; it has ten seconds.
awaitable<std::string> last_words_of_task(docker::Engine& manager, std::string task, bool tty);

/// The last `lines` lines of its log, at most `limit` bytes, stdout and stderr as they came.
awaitable<Result<std::string>> log_tail(docker::Containers& containers, std::string id, std::int64_t lines,
                                        std::size_t limit);

}  // namespace slipway::rollouts
