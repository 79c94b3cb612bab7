#pragma once
#include <string>
#include <string_view>

namespace slipway::pipelines::test {

/// Reads `text` as a pipeline file, and whatever comes of it holds to what the headers promise: there is a pipeline or
/// an error, each diagnostic has a place, a plan has unique ids, no job before what it needs, and survives JSON.
/// Returns what is broken; empty if nothing is.
std::string broken_invariant(std::string_view text);

}  // namespace slipway::pipelines::test
