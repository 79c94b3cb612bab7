#include "cli/verbs.hpp"

#include <set>
#include <string>

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>

#include "cli/session.hpp"

using namespace slipway::cli;

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
