#include "cli/number_check.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "cli/output.hpp"

namespace slipway::cli {

bool is_positive_number(std::string_view word) {
  const bool digits =
      !word.empty() && word.size() <= 18 && std::all_of(word.begin(), word.end(), [](char c) { return is_digit(c); });
  return digits && word.find_first_not_of('0') != std::string_view::npos;
}

CLI::Validator number_check(const std::string& what, const std::string& list) {
  const auto check = [what, list](std::string& word) -> std::string {
    if (is_positive_number(word)) return {};
    return "'" + harmless(word) + "' is not " + what + (list.empty() ? "" : ": '" + list + "' shows them");
  };
  return {check, "POSITIVE"};
}

}  // namespace slipway::cli
