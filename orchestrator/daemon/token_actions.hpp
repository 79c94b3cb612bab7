#pragma once
#include "orchestrator/auth/tokens.hpp"
#include "orchestrator/http/actions.hpp"

namespace slipway::daemon {

/// What the API asks of tokens. Borrows all it is given.
class TokenActions {
 public:
  TokenActions(store::Store& store, auth::TokenDesk& desk, const Clock& clock)
      : store_(store), desk_(desk), clock_(clock) {}

  awaitable<Result<http::CreatedToken>> create(http::TokenInput input, http::Actor actor);
  awaitable<Result<void>> revoke(TokenId token, http::Actor actor);

 private:
  store::Store& store_;
  auth::TokenDesk& desk_;
  const Clock& clock_;
};

}  // namespace slipway::daemon
