#include <CLI/App.hpp>

#include "cli/session.hpp"
#include "cli/verbs.hpp"
namespace slipway::cli {
void add_lint(CLI::App&, Session&) {}
}  // namespace slipway::cli
