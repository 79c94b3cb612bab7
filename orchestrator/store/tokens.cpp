#include "orchestrator/store/tokens.hpp"

#include <algorithm>
#include <sstream>

#include "orchestrator/store/query.hpp"

namespace slipway::store {

namespace {

const std::string kSelectTokens =
    "SELECT id, name, role, hash, created, expires, last_used, revoked, roles FROM tokens ";

std::string joined(const std::vector<std::string>& roles) {
  std::string text;
  for (const std::string& role : roles) text += (text.empty() ? "" : " ") + role;
  return text;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> roles;
  std::istringstream words(text);
  for (std::string role; words >> role;) roles.push_back(role);
  return roles;
}

Token token_of(const Row& row) {
  Token t;
  std::string roles;
  row.into(t.id, t.name, t.role, t.hash, t.created, t.expires, t.last_used, t.revoked, roles);
  t.roles = split(roles);
  return t;
}

}  // namespace

bool is_role_name(std::string_view name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  return !name.empty() && name.size() <= 32 && name.front() >= 'a' && name.front() <= 'z' &&
         std::all_of(name.begin(), name.end(), fits) && !from_name<Role>(name);
}

std::vector<std::string> all_roles(const Token& token) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(token.role); ++i) all.emplace_back(Names<Role>::list[i]);
  all.insert(all.end(), token.roles.begin(), token.roles.end());
  return all;
}

Result<TokenId> Tokens::add(Token token) {
  if (number(tx_, "SELECT 1 FROM tokens WHERE name = ?1 AND revoked IS NULL", {token.name})) {
    return fail(Error::Kind::conflict, "there is a token " + token.name + " already", "revoke it first");
  }
  const auto id =
      number(tx_,
             "INSERT INTO tokens (name, role, hash, created, expires, roles) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
             "RETURNING id",
             {token.name, token.role, token.hash, token.created, token.expires, joined(token.roles)});
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
  return one(tx_, kSelectTokens + "WHERE hash = ?1", {hash}, token_of, "such token");
}

Result<Token> Tokens::get(TokenId id) const {
  return one(tx_, kSelectTokens + "WHERE id = ?1", {id}, token_of, "token " + to_string(id));
}

Result<std::vector<Token>> Tokens::list() const {
  return rows(tx_, kSelectTokens + "ORDER BY id", {}, token_of);
}

}  // namespace slipway::store
