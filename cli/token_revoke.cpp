#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/number_check.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

/// The number of the one token in force that is called so.
Result<std::int64_t> token_named(const Api& api, const std::string& name) {
  const Result<Json> page = api.get("/api/v1/tokens");
  if (!page) return fail(page.error());
  std::int64_t found = 0;
  std::string all;
  for (const Json& token : value_at(*page, "items")) {
    if (text_at(token, "name") != name || !text_at(token, "revoked_at").empty()) continue;
    found = number_at(token, "id");
    all += (all.empty() ? "" : ", ") + std::to_string(found);
  }
  const std::string list = "'slipway token list' shows them";
  if (all.empty()) return fail(Error::Kind::not_found, "there is no token '" + name + "'", list);
  if (all == std::to_string(found)) return found;
  return fail(Error::Kind::conflict, "several tokens are called '" + name + "': " + all, "give the number of one");
}

Result<Exit> token_revoke(Session& session, const std::string& token) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const bool by_number = is_positive_number(token);
  const Result<std::int64_t> id = by_number ? Result<std::int64_t>(std::stoll(token)) : token_named(**api, token);
  if (!id) return fail(id.error());
  const std::string which = by_number ? std::to_string(*id) : fmt::format("{} ('{}')", *id, token);
  return print_done(session, (*api)->remove(fmt::format("/api/v1/tokens/{}", *id)),
                    fmt::format("token {} no longer works", harmless(which)));
}

}  // namespace

void add_token_revoke(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("revoke", "make a token useless, at once");
  auto token = std::make_shared<std::string>();
  verb->add_option("TOKEN", *token,
                   "its name, or its number, as 'slipway token list' shows them; digits alone are a number")
      ->required();
  add_output_flags(*verb, session);
  verb->callback([&session, token] { session.finish(token_revoke(session, *token)); });
}

}  // namespace slipway::cli
