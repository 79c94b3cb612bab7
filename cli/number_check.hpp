#pragma once
#include <string>

#include <CLI/App.hpp>

namespace slipway::cli {

/// Digits that say a number from 1 on.
bool is_positive_number(std::string_view word);

/// For an option or argument that is a number from 1 to 10^18-1, as `what` names it ("a run's number"); `list` is said
/// with a word that is none: which verb shows the numbers there are ("slipway run list"), or nothing.
CLI::Validator number_check(const std::string& what, const std::string& list);

}  // namespace slipway::cli
