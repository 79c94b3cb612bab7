#pragma once
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace slipway::pipelines {

/// Whether the whole of `text` fits `pattern`. `*` is any run of characters but `/`, `?` one such, `[a-z]` and `[!a-z]`
/// one of a set, `**` any run with `/`; `**/` also fits nothing at all, so `**/x` fits `x`. `\` takes the next
/// character as it is. Takes time proportional to the product of the lengths whatever the pattern, and no recursion.
bool glob_matches(std::string_view pattern, std::string_view text);

/// Fails on an empty pattern, one over 256 bytes, an unclosed `[` and a `\` at the end.
Result<void> check_glob(std::string_view pattern);

/// The last pattern that matches decides; `!` at its start takes away. A list of only `!` patterns starts from
/// everything.
bool any_glob_matches(const std::vector<std::string>& patterns, std::string_view text);

}  // namespace slipway::pipelines
