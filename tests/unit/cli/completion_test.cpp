#include "cli/completion.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>

#include "cli/session.hpp"
#include "cli/verbs.hpp"

using namespace slipway::cli;

namespace {

using Words = std::vector<std::string>;

Words offered(const Words& words) {
  Session session;
  CLI::App root("", "slipway");
  root.add_option("--url", session.flags.url);
  add_all_verbs(root, session);
  return completions(root, words);
}

bool has(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

TEST_CASE("completion offers the verbs that begin with what is typed, and none that only shells call") {
  CHECK(offered({"tri"}) == Words{"trigger"});
  CHECK(offered({"run", "re"}) == Words{"rerun"});
  CHECK(offered({"no such"}).empty());
  const Words all = offered({""});
  CHECK(has(all, "run"));
  CHECK(has(all, "completion"));
  CHECK_FALSE(has(all, "__complete"));
  CHECK(offered({}) == all);
  CHECK(has(offered({"app", ""}), "rollback"));
}

TEST_CASE("completion offers a verb's flags and those of all verbs, each once") {
  CHECK(offered({"run", "list", "--js"}) == Words{"--json"});
  CHECK(offered({"run", "list", "--u"}) == Words{"--url"});
  CHECK(offered({"run", "list", "--help"}) == Words{"--help"});
  const Words flags = offered({"run", "list", "--"});
  CHECK(has(flags, "--project"));
  CHECK(has(flags, "--url"));
  CHECK(offered({"--ur"}) == Words{"--url"});
  CHECK(offered({"lint", "--sc"}) == Words{"--schema"});
}

TEST_CASE("completion offers the values of an option that has a list of them, in whichever way the shell splits it") {
  CHECK(offered({"run", "watch", "--progress", ""}) == Words{"auto", "plain", "tty", "quiet", "rawjson"});
  CHECK(offered({"run", "list", "--state", "p"}) == Words{"preparing"});
  CHECK(offered({"run", "list", "-s", "f"}) == Words{"finished"});
  CHECK(offered({"run", "list", "--state=p"}) == Words{"--state=preparing"});  // zsh, fish
  CHECK(offered({"run", "list", "--state", "=", "p"}) == Words{"preparing"});  // bash
  CHECK(offered({"run", "list", "--state", "="}).size() == 5);
  CHECK(offered({"token", "create", "ci", "--role", ""}) == Words{"viewer", "maintainer", "admin"});
  CHECK(offered({"token", "create", "--role", "release", "--role", "m"}) == Words{"maintainer"});
  CHECK(offered({"project", "edit", "shop", "--fork-policy", "ap"}) == Words{"approve"});
  CHECK(offered({"run", "list", "--branch", ""}).empty());
  CHECK(offered({"run", "list", "--state", "p", ""}).empty());
}

TEST_CASE("flags and values that stand between do not hide the verb") {
  CHECK(offered({"run", "--url", "http://ci", "list", "--js"}) == Words{"--json"});
}

TEST_CASE("each shell's script asks slipway itself, and other shells have none") {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    CAPTURE(shell);
    CHECK(completion_script(shell).find("slipway __complete slipway ") != std::string::npos);
  }
  CHECK(completion_script("csh").empty());
}
