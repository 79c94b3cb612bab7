#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cli/api.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"

namespace CLI {
class App;
}

namespace slipway::cli {

/// What the verbs share: the global flags, the daemon's API once it is needed, and the exit code.
class Session {
 public:
  Flags flags;
  OutputOptions output;
  bool quiet = false;

  /// Resolves flags, environment and settings at the first call.
  Result<Api*> api();
  /// The project that was named; a misuse, with the ways to name one, if none was.
  Result<std::string> project();
  /// The same error, of one that the command line makes: it ends the verb with Exit::usage.
  Error misuse(Error error);
  /// Ends a verb: prints an error with its hint to stderr, unless it has no message, and keeps the exit code.
  void finish(const Result<Exit>& result);
  [[nodiscard]] Exit exit() const { return exit_; }

 private:
  std::unique_ptr<Api> api_;
  Exit exit_ = Exit::ok;
  bool misused_ = false;
};

/// "--json [FIELDS]" and "--jq PROGRAM" for a verb that prints data.
void add_output_flags(CLI::App& verb, Session& session);
/// "-p, --project NAME"
void add_project_flag(CLI::App& verb, Session& session);

/// A message for people: to stderr, not with --quiet.
void tell(const Session& session, std::string_view message);

}  // namespace slipway::cli
