#include <algorithm>
#include <array>

#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

constexpr std::array levels{"viewer", "maintainer", "admin"};

/// The highest of the three levels is what the token may do; the other names are for approvals.
Json roles_of(const std::vector<std::string>& names) {
  std::size_t level = 0;
  Json roles = Json::array();
  for (const std::string& name : names) {
    const auto found = std::find(levels.begin(), levels.end(), name);
    if (found == levels.end()) {
      roles.push_back(name);
    } else {
      level = std::max(level, static_cast<std::size_t>(found - levels.begin()));
    }
  }
  return {{"role", levels[level]}, {"roles", std::move(roles)}};
}

Result<Exit> token_create(Session& session, const std::string& name, const std::vector<std::string>& roles, int days) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  Json body = roles_of(roles);
  body["name"] = name;
  if (days > 0) body["days"] = days;
  const Result<Json> made = (*api)->post("/api/v1/tokens", body);
  if (!made) return fail(made.error());
  if (session.output.json) {
    if (Result<void> printed = print_json(*made, session.output); !printed) return fail(printed.error());
  } else {
    fmt::print("{}\n", text_at(*made, "token"));
    tell(session, "it is shown this once");
  }
  return Exit::ok;
}

}  // namespace

void add_token_create(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("create", "make an API token; prints it, once");
  auto name = std::make_shared<std::string>();
  auto roles = std::make_shared<std::vector<std::string>>();
  auto days = std::make_shared<int>(0);
  verb->add_option("NAME", *name, "who or what it is for")->required();
  verb->add_option("--role", *roles,
                   "viewer (if not given), maintainer or admin; more of them, of any name, for applications that ask "
                   "for an approval by such a role")
      ->type_name("{viewer,maintainer,admin,…}");
  verb->add_option("--days", *days, "it expires after that many days (else never)")->check(CLI::Range(1, 3650));
  add_output_flags(*verb, session);
  verb->callback([&session, name, roles, days] { session.finish(token_create(session, *name, *roles, *days)); });
}

}  // namespace slipway::cli
