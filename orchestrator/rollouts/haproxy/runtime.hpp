#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "orchestrator/rollouts/proxy_table.hpp"
#include "orchestrator/rollouts/traffic.hpp"

/// What is said to HAProxy's master and its workers, and how their answers read. Pure.
namespace slipway::rollouts::haproxy {

/// The pids of a master's workers, from `show proc`. After a reload the old ones live on until their last connection
/// is closed.
struct Workers {
  std::int64_t current = 0;  ///< 0: none yet
  std::vector<std::int64_t> old;
  [[nodiscard]] std::vector<std::int64_t> all() const;
};
Workers parse_workers(std::string_view show_proc);

/// One command. An answer of `harmless` (its beginning) besides an empty one is success: it was so already, or an old
/// worker does not know the service.
struct Command {
  std::string text;
  std::vector<std::string_view> harmless;
};

/// Brings a worker's servers of an application to what the table says of them. Repeatable.
std::vector<Command> commands_for(const std::string& application, const ProxyTable::Services& services);
/// Takes what a worker has of an application by its `show stat`, and the table has not, out of it. Repeatable; HAProxy
/// refuses while a server has connections, and then another time does it. Kind::protocol if its columns are unknown.
Result<std::vector<Command>> removals(std::string_view show_stat, const std::string& application,
                                      const ProxyTable::Services& services);
/// For a worker's `show stat`: its servers.
inline constexpr std::string_view servers_question = "show stat -1 4 -1";
/// Whether the master says that it has no such worker any more.
bool is_gone(std::string_view answer);
/// Whether `answer` is what `command` wants to hear.
bool is_success(const Command& command, std::string_view answer);

/// Adds what `show stat` tells of an application's `servers`, by their names, to `sum`. Kind::protocol if its columns
/// are unknown.
Result<void> add_in_flight(std::string_view show_stat, const std::string& application,
                           const std::vector<std::string>& servers, InFlight& sum);

}  // namespace slipway::rollouts::haproxy
