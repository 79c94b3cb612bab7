#pragma once
#include <functional>
#include <string>

#include "cli/session.hpp"

namespace slipway::cli {

/// What the `list` verbs share: gets `path`, prints its `items` as JSON or as the table that `fill` makes of them.
/// `none` is said on stderr when there are none.
Result<Exit> print_list(Session& session, const std::string& path, const Query& query, Table table,
                        const std::function<void(Table&, const Json&)>& fill, const std::string& none);

/// "-L, --limit": how many items of a list, as many as the API gives at once.
void add_limit_flag(CLI::App& verb, int& limit);

/// What the verbs that change something share: on success JSON if asked for, else `said` on stderr.
Result<Exit> print_done(Session& session, const Result<Json>& answer, const std::string& said);

}  // namespace slipway::cli
