#include "docker-client/filters.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace slipway::docker {

std::string Filters::json() const {
  return dump_json(Json(values_));
}

}  // namespace slipway::docker
