// slipway in a shell and on a terminal, as people have it.
#include <catch2/catch.hpp>

#include "base/files.hpp"
#include "tests/integration/daemon/live_daemon.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace {

/// What bash offers for a line, the last word being typed: a line each.
std::string offered_by_bash(const std::filesystem::path& script, const std::string& words, int last) {
  const std::string programs = std::filesystem::path(SLIPWAY_PATH).parent_path().string();
  const std::string lines = "PATH=" + programs + ":$PATH; . " + script.string() +
                            "; complete -p slipway >&2; COMP_WORDS=(" + words +
                            "); COMP_CWORD=" + std::to_string(last) + "; _slipway; printf '%s\\n' \"${COMPREPLY[@]}\"";
  const Ran bash = run_program({"bash", "-euc", lines});
  CAPTURE(bash.err);
  REQUIRE(bash.code == 0);
  CHECK(bash.err == "complete -o default -F _slipway slipway\n");
  return bash.out;
}

/// What `slipway token list` writes to a terminal.
std::string listed_on_a_terminal(const LiveDaemon& daemon, std::map<std::string, std::string> environment) {
  environment["SLIPWAY_URL"] = daemon.url();
  environment["SLIPWAY_TOKEN"] = daemon.token();
  const Ran listed =
      run_program({"script", "-qec", std::string(SLIPWAY_PATH) + " token list", "/dev/null"}, environment);
  CAPTURE(listed.out, listed.err);
  REQUIRE(listed.code == 0);
  CHECK(listed.out.find("NAME") != std::string::npos);  // a heading: it was taken for a terminal
  return listed.out;
}

}  // namespace

TEST_CASE("bash completes verbs and flags with the script that slipway prints for it") {
  const Folder folder;
  const auto script = folder.path() / "completion";
  const Ran printed = run_program({SLIPWAY_PATH, "completion", "bash"});
  REQUIRE(printed.code == 0);
  REQUIRE(write_file(script, printed.out));
  CHECK(offered_by_bash(script, "slipway run li", 2) == "list\n");
  CHECK(offered_by_bash(script, "slipway run list --js", 3) == "--json\n");
  CHECK(offered_by_bash(script, "slipway run list --state fi", 4) == "finished\n");
  CHECK(offered_by_bash(script, "slipway run list --state = fi", 5) == "finished\n");
  CHECK(offered_by_bash(script, "slipway token create ci --role ''", 5) == "viewer\nmaintainer\nadmin\n");
  CHECK(offered_by_bash(script, "slipway run list -- x", 3).find("--project\n") != std::string::npos);
  const std::string flags = offered_by_bash(script, "slipway --", 1);
  CHECK(flags.find("--url\n") != std::string::npos);
  CHECK(flags.find("run\n") == std::string::npos);
}

TEST_CASE("every shell that is there can read its completion script, and another one is refused") {
  const Folder folder;
  const auto script = folder.path() / "completion";
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    CAPTURE(shell);
    const Ran printed = run_program({SLIPWAY_PATH, "completion", shell});
    REQUIRE(printed.code == 0);
    CHECK_FALSE(printed.out.empty());
    REQUIRE(write_file(script, printed.out));
    const std::string read = "command -v " + shell + " > /dev/null || exit 0; " + shell + " -n \"$0\"";
    const Ran checked = run_program({"sh", "-c", read, script.string()});
    CHECK(checked.err.empty());
    CHECK(checked.code == 0);
  }
  CHECK(run_program({SLIPWAY_PATH, "completion", "csh"}).code == 2);
}

TEST_CASE("a terminal gets colours, unless NO_COLOR is set; a pipe gets none, unless they are forced") {
  const Folder folder;
  const LiveDaemon daemon(folder.path() / "data");
  const std::string escape = "\x1b[";
  CHECK(listed_on_a_terminal(daemon, {}).find(escape) != std::string::npos);
  CHECK(listed_on_a_terminal(daemon, {{"NO_COLOR", ""}}).find(escape) != std::string::npos);  // empty is not set
  CHECK(listed_on_a_terminal(daemon, {{"NO_COLOR", "1"}}).find(escape) == std::string::npos);
  CHECK(listed_on_a_terminal(daemon, {{"NO_COLOR", "0"}}).find(escape) == std::string::npos);
  CHECK(daemon.slipway({"token", "list"}).out.find(escape) == std::string::npos);
  const Ran forced =
      run_program({SLIPWAY_PATH, "token", "list"},
                  {{"SLIPWAY_URL", daemon.url()}, {"SLIPWAY_TOKEN", daemon.token()}, {"CLICOLOR_FORCE", "1"}});
  CHECK(forced.out.find(escape) != std::string::npos);
}
