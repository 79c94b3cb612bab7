#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "orchestrator/rollouts/proxy_table.hpp"

/// A table as routes of a Caddy 2 server (https://caddyserver.com/docs/json/apps/http/servers/routes/), and back. Pure.
///
/// Ours are told from others by their "@id". One of them is never taken: it carries the table itself, and the
/// containers that drain as upstreams, since Caddy counts the requests only of upstreams that its configuration has.
namespace slipway::rollouts::caddy {

/// The table of `fleet` in a server's routes (JSON), an empty one if there is none. Kind::conflict: another
/// installation of slipway has routes there.
Result<ProxyTable> table_in(std::string_view routes, const std::string& fleet);

/// `routes` with those of `table` in place of the ones that were ours. What is not ours stays, in its order: our host
/// names come before it; behind it, our routes for any host, and that what is left of a name is not for those of
/// others.
Result<std::string> with_table(std::string_view routes, const ProxyTable& table, const std::string& fleet);

/// How many requests are with upstreams at these addresses ("10.0.0.2:80"), by what GET /reverse_proxy/upstreams
/// answered. Upgraded connections are among them: Caddy does not tell them apart.
Result<std::size_t> requests_at(std::string_view upstreams, const std::vector<std::string>& addresses);

}  // namespace slipway::rollouts::caddy
