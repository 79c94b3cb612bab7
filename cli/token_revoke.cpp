#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/number_check.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> token_revoke(Session& session, std::int64_t id) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  return print_done(session, (*api)->remove(fmt::format("/api/v1/tokens/{}", id)),
                    fmt::format("token {} no longer works", id));
}

}  // namespace

void add_token_revoke(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("revoke", "make a token useless, at once");
  auto id = std::make_shared<std::int64_t>(0);
  verb->add_option("ID", *id, "the token's number, as 'slipway token list' shows it")
      ->required()
      ->check(number_check("a token's number", "slipway token list"));
  add_output_flags(*verb, session);
  verb->callback([&session, id] { session.finish(token_revoke(session, *id)); });
}

}  // namespace slipway::cli
