#include "orchestrator/daemon/token_actions.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/daemon/audit.hpp"

namespace slipway::daemon {
namespace {

Result<store::Role> role_of(const std::string& name) {
  const auto& names = store::Names<store::Role>::list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<store::Role>(i);
  }
  return fail(Error::Kind::invalid, "'" + name + "' is no role", "use viewer, maintainer or admin");
}

}  // namespace

awaitable<Result<http::CreatedToken>> TokenActions::create(http::TokenInput input, http::Actor actor) {
  const Result<store::Role> role = role_of(input.role);
  if (!role) co_return fail(role.error());
  std::optional<Time> expires;
  if (input.days) expires = clock_.now() + std::chrono::days(*input.days);
  Result<auth::NewToken> made = co_await desk_.create(input.name, *role, expires, input.roles);
  if (!made) co_return fail(made.error());
  store::AuditEntry entry(clock_.now(), actor, "token.create");
  entry.data = dump_json({{"id", made->id.value}, {"name", input.name}, {"role", input.role}});
  Result<void> noted = co_await store_.write(&store::Audit::add, std::move(entry));
  if (!noted) co_return fail(noted.error());
  co_return http::CreatedToken{made->id, made->token};
}

awaitable<Result<void>> TokenActions::revoke(TokenId token, http::Actor actor) {
  auto work = [token, actor, now = clock_.now()](store::Transaction& tx) {
    return audited(tx, auth::revoke(tx, token, now), now, actor, "token.revoke", to_string(token));
  };
  co_return co_await store_.write(std::move(work));
}

}  // namespace slipway::daemon
