#include "cli/exit_code.hpp"

namespace slipway::cli {

Exit exit_of_verdict(std::string_view verdict) {
  if (verdict == "passed" || verdict == "skipped") return Exit::ok;
  if (verdict == "cancelled" || verdict == "superseded") return Exit::cancelled;
  return Exit::run_failed;
}

}  // namespace slipway::cli
