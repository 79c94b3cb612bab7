#pragma once
#include "docker-client/builds.hpp"

namespace slipway::docker {

/// POST /build for `spec`, which `builder` (not automatic) will carry out. Without the context.
Result<Request> build_request(const BuildSpec& spec, Builder builder);

/// Which builder to use, from the headers of GET /_ping. Engines before 23.0 name none unless told to and have both;
/// before API 1.39 BuildKit was an experiment, and Windows has only the classic one.
Builder builder_of(const Headers& ping);

}  // namespace slipway::docker
