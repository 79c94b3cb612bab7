#pragma once
#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

/// In the order of what they may do.
enum class Role : std::uint8_t { viewer, maintainer, admin };
template <>
struct Names<Role> {
  static constexpr std::array<std::string_view, 3> list{"viewer", "maintainer", "admin"};
};

/// A name that `Token::roles` may hold: at most 32 characters, none of the roles above.
bool is_role_name(std::string_view name);

/// An API token; the token itself is not kept, only its hash.
struct Token {
  TokenId id;
  std::string name;
  Role role = Role::viewer;
  std::vector<std::string> roles;  ///< further ones, for approvals: names of a-z, 0-9, '-' and '_'
  std::string hash;                ///< SHA-256, 64 hex digits
  Time created{};
  std::optional<Time> expires;
  std::optional<Time> last_used;
  std::optional<Time> revoked;
};

/// All roles it has: its own, those below it, and the further ones.
std::vector<std::string> all_roles(const Token& token);

class Tokens {
 public:
  explicit Tokens(Transaction& tx) : tx_(tx) {}

  /// A name that a token in force has is Kind::conflict.
  Result<TokenId> add(Token token);
  Result<void> used(TokenId id, Time at);
  /// One revoked already is success.
  Result<void> revoke(TokenId id, Time at);

  /// Revoked and expired ones included: the caller says what is wrong with them.
  Result<Token> find(std::string hash) const;
  Result<Token> get(TokenId id) const;
  /// By age, the oldest first.
  Result<std::vector<Token>> list() const;

 private:
  Transaction& tx_;
};

}  // namespace slipway::store
