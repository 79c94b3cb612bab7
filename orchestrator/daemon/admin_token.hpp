#pragma once
#include <filesystem>
#include <string>

#include "orchestrator/auth/tokens.hpp"

namespace slipway::daemon {

/// An admin's token for whoever can write the data folder, whether a slipwayd works on it or not: who can do that has
/// all of it anyway. The audit trail has it as made by "slipwayd token". Without a name it is called "admin-" and the
/// time. Blocks. A folder without a database is Kind::not_found; one that a restore was cut off in, or that has another
/// schema, and a name that a token in force has, Kind::conflict.
Result<auth::NewToken> make_admin_token(const std::filesystem::path& folder, std::string name, const Clock& clock);

}  // namespace slipway::daemon
