#pragma once
#include <string_view>

namespace slipway::pipelines {

/// The JSON Schema of slipway.yml, as schema.json is. It says less than `lint`: expressions, needs and what is deployed
/// are beyond it.
std::string_view schema();

}  // namespace slipway::pipelines
