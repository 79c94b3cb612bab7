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

/// Brings a worker to what the table says of an application. Repeatable.
std::vector<Command> commands_for(const std::string& application, const ProxyTable::Services& services);
/// Takes a server that drains out of a worker. Repeatable; HAProxy refuses while it has connections.
std::vector<Command> removal_of(const std::string& application, const std::string& service, const std::string& server);
/// Whether `answer` is what `command` wants to hear.
bool is_success(const Command& command, std::string_view answer);

/// Adds what `show stat` tells of an application's `servers`, by their names, to `sum`. Kind::protocol if its columns
/// are unknown.
Result<void> add_in_flight(std::string_view show_stat, const std::string& application,
                           const std::vector<std::string>& servers, InFlight& sum);

}  // namespace slipway::rollouts::haproxy
