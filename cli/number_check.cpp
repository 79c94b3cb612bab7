#include "cli/number_check.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "cli/output.hpp"

namespace slipway::cli {

CLI::Validator number_check(const std::string& what, const std::string& list) {
  const auto check = [what, list](std::string& word) -> std::string {
    const bool digits =
        !word.empty() && word.size() <= 18 && std::all_of(word.begin(), word.end(), [](char c) { return is_digit(c); });
    if (digits && word.find_first_not_of('0') != std::string::npos) return {};
    return "'" + harmless(word) + "' is not " + what + (list.empty() ? "" : ": '" + list + "' shows them");
  };
  return {check, "POSITIVE"};
}

}  // namespace slipway::cli
