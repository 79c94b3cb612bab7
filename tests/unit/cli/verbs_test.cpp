#include "cli/verbs.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>

#include "cli/session.hpp"

using namespace slipway::cli;

namespace {

/// The root of a command line that was parsed, and what was wrong with it.
struct Parsed {
  Session session;
  CLI::App root{"", "slipway"};
  std::string wrong;

  explicit Parsed(std::vector<std::string> words) {
    root.require_subcommand(1);
    root.fallthrough();
    add_all_verbs(root, session);
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    try {
      root.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
      wrong = error.what();
    }
  }
};

}  // namespace

TEST_CASE("every verb prints JSON if asked to, but for those that have none to show") {
  const std::set<std::string> without{"login", "completion", "run logs", "admin backup", "admin restore"};
  Session session;
  CLI::App root("", "slipway");
  add_all_verbs(root, session);
  std::set<std::string> found;
  const auto note = [&](const CLI::App& verb, const std::string& name) {
    const bool json = verb.get_option_no_throw("--json") != nullptr && verb.get_option_no_throw("--jq") != nullptr;
    if (!json) found.insert(name);
  };
  const auto all = [](const CLI::App* one) { return !one->get_group().empty(); };  // the hidden ones are for shells
  for (const CLI::App* noun : static_cast<const CLI::App&>(root).get_subcommands(all)) {
    const auto verbs = noun->get_subcommands(all);
    if (verbs.empty()) note(*noun, noun->get_name());
    for (const CLI::App* verb : verbs) note(*verb, noun->get_name() + " " + verb->get_name());
  }
  CHECK(found == without);
}

TEST_CASE("what is not the number that an argument wants is said in a few words, with the verb that lists them") {
  CHECK(Parsed({"run", "view", "abc"}).wrong == "RUN: 'abc' is not a run's number: 'slipway run list' shows them");
  CHECK(Parsed({"delivery", "view", "1.5"}).wrong ==
        "DELIVERY: '1.5' is not a delivery's number: 'slipway delivery list' shows them");
  for (const char* word : {"0", "7x", "99999999999999999999"}) {
    CHECK(Parsed({"run", "view", word}).wrong.find("is not a run's number") != std::string::npos);
  }
}

TEST_CASE("a misspelt noun or verb is named, with the nearest one there is") {
  CHECK(unknown_word(Parsed({"run", "wacth"}).root) ==
        "there is no 'slipway run wacth'\n         did you mean `watch`?");
  CHECK(unknown_word(Parsed({"rnu", "list"}).root) == "there is no 'slipway rnu'\n         did you mean `run`?");
  CHECK(unknown_word(Parsed({"run"}).root).empty());
  CHECK(unknown_word(Parsed({"run", "view", "abc"}).root).empty());
}
