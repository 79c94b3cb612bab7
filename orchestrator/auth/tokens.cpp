#include "orchestrator/auth/tokens.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"

namespace slipway::auth {

namespace {

constexpr std::string_view kPrefix = "slw_";
constexpr std::size_t kBytes = 32;
constexpr std::size_t kTextSize = kPrefix.size() + 43;
constexpr std::size_t kNameLimit = 64;
constexpr auto kNoteUseEvery = std::chrono::minutes(1);

Secret random_token() {
  std::string text = to_base64url(*from_hex(random_hex(kBytes)));
  text.resize(text.find('='));
  return Secret(std::string(kPrefix) + text);
}

bool is_name(std::string_view name) {
  const auto printable = [](unsigned char c) { return c >= 0x20 && c != 0x7f; };
  return !name.empty() && name.size() <= kNameLimit && std::ranges::all_of(name, printable);
}

bool in_force(const store::Token& token, Time now) {
  return !token.revoked && (!token.expires || now < *token.expires);
}

Error refusal() {
  return {Error::Kind::unauthorized, "the token is not valid", "log in with a token that is in force: slipway login"};
}

Result<void> check_name(const std::string& name) {
  if (is_name(name)) return {};
  return fail(Error::Kind::invalid, "'" + name + "' can't be a token's name", "use 1 to 64 printable characters");
}

store::Token record_of(const Secret& token, std::string name, store::Role role, Time created) {
  store::Token record;
  record.name = std::move(name);
  record.role = role;
  record.hash = sha256_hex(token.reveal());
  record.created = created;
  return record;
}

/// Two first starts at the same time must not make two: looked at and added in one transaction.
Result<std::optional<TokenId>> add_if_first(store::Transaction& tx, store::Token token) {
  store::Tokens tokens(tx);
  const auto known = tokens.list();
  if (!known) return fail(known.error());
  if (!known->empty()) return std::nullopt;
  const auto added = tokens.add(std::move(token));
  if (!added) return fail(added.error());
  return *added;
}

}  // namespace

Result<NewToken> add_admin(store::Transaction& tx, std::string name, Time now) {
  if (Result<void> good = check_name(name); !good) return fail(good.error());
  Secret token = random_token();
  const auto added = store::Tokens(tx).add(record_of(token, std::move(name), store::Role::admin, now));
  if (!added) return fail(added.error());
  return NewToken{*added, std::move(token)};
}

Result<void> revoke(store::Transaction& tx, TokenId id, Time now) {
  store::Tokens tokens(tx);
  const auto all = tokens.list();
  if (!all) return fail(all.error());
  const auto is_admin = [now](const store::Token& token) {
    return token.role == store::Role::admin && in_force(token, now);
  };
  const auto is_last = [&](const store::Token& token) { return token.id == id && is_admin(token); };
  if (std::ranges::any_of(*all, is_last) && std::ranges::count_if(*all, is_admin) == 1) {
    return fail(Error::Kind::conflict, "token " + to_string(id) + " is the last admin's token",
                "make another one first: slipway token create NAME --role admin");
  }
  return tokens.revoke(id, now);
}

awaitable<Result<NewToken>> TokenDesk::create(std::string name, store::Role role, std::optional<Time> expires,
                                              std::vector<std::string> roles) {
  if (Result<void> good = check_name(name); !good) co_return fail(good.error());
  for (const std::string& one : roles) {
    if (store::is_role_name(one)) continue;
    co_return fail(Error::Kind::invalid, "'" + one + "' can't be a further role",
                   "its name begins with a letter and is made of a-z, 0-9, '-' and '_'");
  }
  NewToken made{TokenId(), random_token()};
  store::Token record = record_of(made.token, std::move(name), role, clock_.now());
  record.roles = std::move(roles);
  record.expires = expires;
  const auto added = co_await store_.write(&store::Tokens::add, std::move(record));
  if (!added) co_return fail(added.error());
  made.id = *added;
  co_return made;
}

awaitable<Result<std::optional<NewToken>>> TokenDesk::create_first() {
  NewToken made{TokenId(), random_token()};
  store::Token record = record_of(made.token, "admin", store::Role::admin, clock_.now());
  auto work = [record = std::move(record)](store::Transaction& tx) { return add_if_first(tx, record); };
  const auto added = co_await store_.write(std::move(work));
  if (!added) co_return fail(added.error());
  if (!*added) co_return std::nullopt;
  made.id = **added;
  co_return std::optional<NewToken>(std::move(made));
}

awaitable<Result<store::Token>> TokenDesk::check(Secret token) {
  if (token.reveal().size() != kTextSize || !token.reveal().starts_with(kPrefix)) co_return fail(refusal());
  const std::string hash = sha256_hex(token.reveal());
  const auto found = co_await store_.read(&store::Tokens::find, hash);
  if (!found && found.error().kind != Error::Kind::not_found) co_return fail(found.error());
  const Time now = clock_.now();
  if (!found || !equal_constant_time(found->hash, hash) || !in_force(*found, now)) co_return fail(refusal());
  const auto executor = co_await asio::this_coro::executor;
  note_use(executor, found->id, now);
  co_return *found;
}

awaitable<bool> TokenDesk::has_ended(TokenId id) {
  const auto found = co_await store_.read(&store::Tokens::get, id);
  if (!found) co_return found.error().kind == Error::Kind::not_found;
  co_return !in_force(*found, clock_.now());
}

void TokenDesk::note_use(Executor executor, TokenId id, Time now) {
  auto& last = noted_[id.value];
  if (now - last < kNoteUseEvery) return;
  last = now;
  spawn(std::move(executor), "token use", write_use(store_, id, now));
}

awaitable<void> TokenDesk::write_use(store::Store& store, TokenId id, Time now) {
  const auto noted = co_await store.write(&store::Tokens::used, id, now);
  if (!noted) log::warn("use of a token not noted", {{"token", id}, {"reason", noted.error()}});
}

}  // namespace slipway::auth
