#include <nlohmann/json.hpp>

#include "orchestrator/http/backend.hpp"
#include "orchestrator/http/input.hpp"
#include "orchestrator/http/render.hpp"

namespace slipway::http {
namespace {

awaitable<Result<Response>> list_tokens(Backend& backend) {
  const auto tokens = co_await backend.store.read(&store::Tokens::list);
  if (!tokens) co_return fail(tokens.error());
  Json rows = Json::array();
  for (const store::Token& token : *tokens) rows.push_back(render(token));
  co_return json_response({{"items", std::move(rows)}});
}

awaitable<Result<Response>> create_token(Backend& backend, Request request) {
  Result<Input> input = Input::of(request);
  if (!input) co_return fail(input.error());
  TokenInput token;
  token.name = input->text("name", 100).value_or("");
  token.role = input->text("role", 20).value_or("");
  token.roles = input->list("roles");
  token.days = input->number("days", 1, 36500);
  if (Result<void> read = input->finish(); !read) co_return fail(read.error());
  if (token.name.empty()) co_return fail(Error::Kind::invalid, "name is missing");
  if (!store::from_name<store::Role>(token.role)) {
    co_return fail(Error::Kind::invalid, "role can't be '" + token.role + "'", "viewer, maintainer or admin");
  }
  const Result<CreatedToken> made = co_await backend.actions.create_token(std::move(token), request.caller.name);
  if (!made) co_return fail(made.error());
  co_return json_response({{"id", made->id.value}, {"token", made->token.reveal()}}, 201);
}

awaitable<Result<Response>> revoke_token(Backend& backend, Request request) {
  const Result<std::int64_t> id = request.id_parameter("token");
  if (!id) co_return fail(id.error());
  const Result<void> done = co_await backend.actions.revoke_token(TokenId(*id), request.caller.name);
  if (!done) co_return fail(done.error());
  co_return json_response({{"status", "ok"}});
}

}  // namespace

void add_token_routes(Router& router, Backend& backend) {
  using store::Role;
  router.add({"GET", "/api/v1/tokens", Role::admin, [&](Request) { return list_tokens(backend); }});
  router.add({"POST", "/api/v1/tokens", Role::admin, [&](Request r) { return create_token(backend, std::move(r)); }});
  router.add({"DELETE", "/api/v1/tokens/{token}", Role::admin,
              [&](Request r) { return revoke_token(backend, std::move(r)); }});
}

}  // namespace slipway::http
