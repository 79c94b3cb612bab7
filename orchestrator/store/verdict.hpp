#pragma once
#include "orchestrator/store/names.hpp"

namespace slipway::store {

/// How a run or a job ended. *Failed* is the code's doing, *error* and *interrupted* are the system's.
enum class Verdict : std::uint8_t { none, passed, failed, error, interrupted, cancelled, superseded, skipped };
template <>
struct Names<Verdict> {
  static constexpr std::array<std::string_view, 8> list{"none",        "passed",    "failed",     "error",
                                                        "interrupted", "cancelled", "superseded", "skipped"};
};

}  // namespace slipway::store
