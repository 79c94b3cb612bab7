#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> token_create(Session& session, const std::string& name, const std::string& role, int days) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  Json body = {{"name", name}, {"role", role}};
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
  auto role = std::make_shared<std::string>("viewer");
  auto days = std::make_shared<int>(0);
  verb->add_option("NAME", *name, "who or what it is for")->required();
  verb->add_option("--role", *role, "viewer, maintainer or admin")
      ->check(CLI::IsMember({"viewer", "maintainer", "admin"}))
      ->capture_default_str();
  verb->add_option("--days", *days, "it expires after that many days (else never)")->check(CLI::Range(1, 3650));
  add_output_flags(*verb, session);
  verb->callback([&session, name, role, days] { session.finish(token_create(session, *name, *role, *days)); });
}

}  // namespace slipway::cli
