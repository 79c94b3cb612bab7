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

awaitable<Result<NewToken>> TokenDesk::create(std::string name, store::Role role, std::optional<Time> expires,
                                              std::vector<std::string> roles) {
  if (!is_name(name)) {
    co_return fail(Error::Kind::invalid, "'" + name + "' can't be a token's name", "use 1 to 64 printable characters");
  }
  for (const std::string& one : roles) {
    if (store::is_role_name(one)) continue;
    co_return fail(Error::Kind::invalid, "'" + one + "' can't be a further role",
                   "its name begins with a letter and is made of a-z, 0-9, '-' and '_'");
  }
  NewToken made{TokenId(), random_token()};
  store::Token record;
  record.name = std::move(name);
  record.role = role;
  record.roles = std::move(roles);
  record.hash = sha256_hex(made.token.reveal());
  record.created = clock_.now();
  record.expires = expires;
  const auto added = co_await store_.write(&store::Tokens::add, std::move(record));
  if (!added) co_return fail(added.error());
  made.id = *added;
  co_return made;
}

awaitable<Result<std::optional<NewToken>>> TokenDesk::create_first() {
  NewToken made{TokenId(), random_token()};
  store::Token record;
  record.name = "admin";
  record.role = store::Role::admin;
  record.hash = sha256_hex(made.token.reveal());
  record.created = clock_.now();
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
