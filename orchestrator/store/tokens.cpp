#include "orchestrator/store/tokens.hpp"

#include "orchestrator/store/query.hpp"

namespace slipway::store {

namespace {

const std::string kSelect = "SELECT id, name, role, hash, created, expires, last_used, revoked FROM tokens ";

Token token_of(const Row& row) {
  Token t;
  row.into(t.id, t.name, t.role, t.hash, t.created, t.expires, t.last_used, t.revoked);
  return t;
}

}  // namespace

Result<TokenId> Tokens::add(Token token) {
  if (number(tx_, "SELECT 1 FROM tokens WHERE name = ?1 AND revoked IS NULL", {token.name})) {
    return fail(Error::Kind::conflict, "there is a token " + token.name + " already", "revoke it first");
  }
  const auto id =
      number(tx_, "INSERT INTO tokens (name, role, hash, created, expires) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
             {token.name, token.role, token.hash, token.created, token.expires});
  tx_.mark("token.added");
  return TokenId(*id);
}

Result<void> Tokens::used(TokenId id, Time at) {
  tx_.run("UPDATE tokens SET last_used = ?2 WHERE id = ?1", {id, at});
  return {};
}

Result<void> Tokens::revoke(TokenId id, Time at) {
  if (tx_.run("UPDATE tokens SET revoked = coalesce(revoked, ?2) WHERE id = ?1", {id, at}) == 0) {
    return fail(Error::Kind::not_found, "no token " + to_string(id));
  }
  tx_.mark("token.revoked");
  return {};
}

Result<Token> Tokens::find(std::string hash) const {
  return one(tx_, kSelect + "WHERE hash = ?1", {hash}, token_of, "such token");
}

Result<std::vector<Token>> Tokens::list() const {
  return rows(tx_, kSelect + "ORDER BY id", {}, token_of);
}

}  // namespace slipway::store
