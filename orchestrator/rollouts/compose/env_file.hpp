#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/compose/interpolate.hpp"

namespace slipway::rollouts {

/// Reads a file of variables as Compose does: `NAME=value` and `export NAME=value`, `#` comments, a value in single
/// quotes as it stands, one in double quotes with \n, \r, \t, \", \\ and \$; quoted ones may go over several lines. In
/// all but single quotes `variables` and the names above it are put for $NAME (see `interpolate`), unless `raw`: then
/// everything behind the first '=' is the value. At most 256 KiB and 1000 names. Errors are Kind::invalid and begin
/// with the line: "3: …".
Result<std::map<std::string, std::string>> parse_env_file(std::string_view text, Variables variables, bool raw);

/// Puts what the services' `env_file`s say into their environments, where `environment` wins over files, and later
/// files over earlier ones. `files` has their contents by the path that the Compose file writes; one that is absent and
/// required is Kind::not_found.
Result<void> merge_env_files(Application& application, const std::map<std::string, std::string>& files,
                             const Variables& variables);

}  // namespace slipway::rollouts
