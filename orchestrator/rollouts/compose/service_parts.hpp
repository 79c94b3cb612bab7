#pragma once
#include "orchestrator/rollouts/compose/decode.hpp"
#include "orchestrator/rollouts/compose/service.hpp"
#include "orchestrator/rollouts/compose/values.hpp"

/// Parts of a service, one for each group of keys. Each takes its keys out of `map`.
namespace slipway::rollouts {

void decode_process(MapReader& map, Service& service, Diagnostics& diagnostics);
void decode_network_use(MapReader& map, Service& service, Diagnostics& diagnostics);
void decode_storage(MapReader& map, const ComposeRules& rules, Service& service, Diagnostics& diagnostics);
void decode_health(MapReader& map, Service& service, Diagnostics& diagnostics);
void decode_security(MapReader& map, const ComposeRules& rules, Service& service, Diagnostics& diagnostics);
void decode_logging(MapReader& map, const ComposeRules& rules, Service& service, Diagnostics& diagnostics);
void decode_resources(MapReader& map, Service& service, Diagnostics& diagnostics);
/// Gives `deploy.update_config`, null if there is none, or if it is a swarm's: then it is the service's own.
const YamlNode* decode_deploy(MapReader& map, Service& service, Diagnostics& diagnostics);
/// A host name in lower case, perhaps with "*." in front; no address, no port.
bool is_route_host(std::string_view text);
/// A path prefix that needs no escaping anywhere.
bool is_route_path(std::string_view text);
/// The service's own `x-slipway`.
void decode_service_extension(MapReader& map, const ComposeRules& rules, Service& service, Diagnostics& diagnostics);
/// Keys that are errors, each with what to do instead.
void refuse_service_keys(MapReader& map);

}  // namespace slipway::rollouts
