#include "cli/assignments.hpp"

#include "base/json.hpp"

namespace slipway::cli {

Result<Json> assignments(const std::vector<std::string>& words, const std::string& example) {
  Json object = Json::object();
  for (const std::string& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(Error::Kind::invalid, "'" + word + "' is not NAME=VALUE", "for example " + example);
    }
    object[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return object;
}

}  // namespace slipway::cli
