#pragma once
#include <optional>
#include <string>
#include <unordered_map>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "base/secret.hpp"
#include "orchestrator/store/store.hpp"
#include "orchestrator/store/tokens.hpp"

namespace slipway::auth {

/// A token just made: the only time it is seen.
struct NewToken {
  TokenId id;
  Secret token;  ///< "slw_" and 43 characters of base64url: 32 random bytes
};

/// An admin's token that never expires, in force once `tx` is committed: for who has the data folder, and no token.
/// Names are those of `TokenDesk::create`.
Result<NewToken> add_admin(store::Transaction& tx, std::string name, Time now);

/// Makes a token useless; one that is so already is success. The last admin's token in force is Kind::conflict: nobody
/// could make another any more.
Result<void> revoke(store::Transaction& tx, TokenId id, Time now);

/// Makes and checks API tokens. Only their hashes are kept. Borrows the store and the clock.
class TokenDesk {
 public:
  TokenDesk(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  /// A name is 1 to 64 printable characters; one that a token in force has is Kind::conflict. `roles` are
  /// further ones, see store::Token.
  awaitable<Result<NewToken>> create(std::string name, store::Role role, std::optional<Time> expires = std::nullopt,
                                     std::vector<std::string> roles = {});

  /// At the first start: an admin token called "admin". Nothing if there ever was a token.
  awaitable<Result<std::optional<NewToken>>> create_first();

  /// Whose token it is. An unknown, revoked or expired one is Kind::unauthorized, with the same message for all three.
  /// Its last use is noted, once a minute at most, without making the caller wait.
  awaitable<Result<store::Token>> check(Secret token);
  /// Whether one that was in force is not any more: it was revoked, or it expired. False if that can't be told.
  awaitable<bool> has_ended(TokenId id);

 private:
  void note_use(Executor executor, TokenId id, Time now);
  static awaitable<void> write_use(store::Store& store, TokenId id, Time now);

  store::Store& store_;
  const Clock& clock_;
  std::unordered_map<std::int64_t, Time> noted_;  // bounded by the number of tokens
};

}  // namespace slipway::auth
