#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <signal.h>

#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace {

void add_global_flags(CLI::App& root, slipway::cli::Session& session) {
  root.add_option("--url", session.flags.url, "the daemon's address (else SLIPWAY_URL, else the context's)");
  root.add_option("--token", session.flags.token, "an API token (SLIPWAY_TOKEN keeps it out of the process list)");
  root.add_option("--context", session.flags.context, "a context that 'slipway login' made (else SLIPWAY_CONTEXT)");
  root.add_flag("-q,--quiet", session.quiet, "no messages on stderr but errors");
  root.set_version_flag("--version", "slipway " SLIPWAY_VERSION);
}

}  // namespace

int main(int argc, char** argv) {
  using slipway::cli::Exit;
  ::signal(SIGPIPE, SIG_IGN);
  CLI::App root("Inspects and drives slipwayd: builds, tests, pushes and rollouts of containers.", "slipway");
  root.require_subcommand(1);
  root.fallthrough();
  root.footer(
      "Exit codes: 0 ok, 1 error, 2 usage, 3 run failed, 4 not authenticated, 5 cancelled or superseded,\n"
      "6 wait timed out, 7 awaiting approval, 130 detached (the run goes on).");
  slipway::cli::Session session;
  add_global_flags(root, session);
  slipway::cli::add_all_verbs(root, session);
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const std::string unknown = error.get_exit_code() == 0 ? "" : slipway::cli::unknown_word(root);
    if (!unknown.empty()) fmt::print(stderr, "slipway: {}\n", unknown);
    const int code = unknown.empty() ? root.exit(error) : error.get_exit_code();
    return code == 0 ? 0 : static_cast<int>(Exit::usage);
  } catch (const std::exception& error) {
    fmt::print(stderr, "slipway: {}\n", error.what());
    return static_cast<int>(Exit::error);
  }
  return static_cast<int>(session.exit());
}
