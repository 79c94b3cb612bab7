#include "cli/assignments.hpp"

namespace slipway::cli {

Result<std::map<std::string, std::string>> assignments(const std::vector<std::string>& words,
                                                       const std::string& example) {
  std::map<std::string, std::string> assigned;
  for (const std::string& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(Error::Kind::invalid, "'" + word + "' is not NAME=VALUE", "for example " + example);
    }
    assigned[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return assigned;
}

}  // namespace slipway::cli
