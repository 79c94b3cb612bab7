#pragma once
#include "base/http_client.hpp"

namespace slipway::images {

/// What a registry's refusal means: 401 unauthorized, 403 forbidden, 404 not_found, 429 and 5xx unavailable (the hint
/// says how long to wait, if the registry does), other 4xx invalid, the rest protocol. Its own words (OCI distribution
/// spec, Error Codes) are added, cut to one printable line.
Error registry_error(const HttpResponse& response);

}  // namespace slipway::images
