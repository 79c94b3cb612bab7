#pragma once
#include <string>

#include "base/json.hpp"
#include "docker-client/transport.hpp"

/// What most endpoints come down to: one request, and an error that says what for.
namespace slipway::docker {

/// The answer's content does not matter.
awaitable<Result<void>> call(Transport& transport, Request request, std::string doing);
/// The answer is JSON; anything else is Kind::protocol.
awaitable<Result<Json>> call_json(Transport& transport, Request request, std::string doing);

/// "1" or "0", as the Engine's queries take a flag.
inline std::string flag_text(bool value) {
  return value ? "1" : "0";
}

}  // namespace slipway::docker
