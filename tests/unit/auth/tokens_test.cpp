#include "orchestrator/auth/tokens.hpp"

#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::auth;
using slipway::store::kNoon;
using slipway::store::Role;
using slipway::store::TemporaryStore;
using slipway::store::Tokens;

TEST_CASE("a token is known by its text and stored only as a hash") {
  TemporaryStore s;
  ManualClock clock(kNoon);
  TokenDesk desk(*s.store, clock);
  const auto made = run_async(desk.create("laptop", Role::maintainer));
  REQUIRE(made);
  const std::string text = made->token.reveal();
  CHECK(text.size() == 47);
  CHECK(text.starts_with("slw_"));
  const auto checked = run_async(desk.check(Secret(text)));
  REQUIRE(checked);
  CHECK(checked->id == made->id);
  CHECK(checked->name == "laptop");
  CHECK(checked->role == Role::maintainer);
  CHECK(checked->hash.find(text) == std::string::npos);
}

TEST_CASE("unknown, malformed, revoked and expired tokens are all refused in the same words") {
  TemporaryStore s;
  ManualClock clock(kNoon);
  TokenDesk desk(*s.store, clock);
  const auto revoked = run_async(desk.create("revoked", Role::admin)).value();
  const auto expiring = run_async(desk.create("expiring", Role::admin, kNoon + std::chrono::hours(1))).value();
  REQUIRE(s.write(&Tokens::revoke, revoked.id, kNoon));
  CHECK(run_async(desk.check(expiring.token)));
  clock.advance(std::chrono::hours(1));

  std::string almost = expiring.token.reveal();
  almost.back() = almost.back() == 'A' ? 'B' : 'A';
  std::set<std::string> messages;
  for (const Secret& token : {revoked.token, expiring.token, Secret(""), Secret("slw_"), Secret(almost),
                              Secret("slw_" + std::string(43, 'A')), Secret(std::string(100'000, 'x'))}) {
    const auto checked = run_async(desk.check(token));
    REQUIRE_FALSE(checked);
    CHECK(checked.error().kind == Error::Kind::unauthorized);
    messages.insert(checked.error().message);
  }
  CHECK(messages.size() == 1);
}

TEST_CASE("the first admin token is made once, and never again, not even when it was revoked") {
  TemporaryStore s;
  ManualClock clock(kNoon);
  TokenDesk desk(*s.store, clock);
  const auto first = run_async(desk.create_first());
  REQUIRE(first);
  REQUIRE(*first);
  CHECK(run_async(desk.check((*first)->token))->role == Role::admin);
  CHECK_FALSE(*run_async(desk.create_first()));
  REQUIRE(s.write(&Tokens::revoke, (*first)->id, kNoon));
  s.reopen();
  TokenDesk after_restart(*s.store, clock);
  CHECK_FALSE(*run_async(after_restart.create_first()));
}

TEST_CASE("the last use of a token is noted, at most once a minute") {
  TemporaryStore s;
  ManualClock clock(kNoon);
  TokenDesk desk(*s.store, clock);
  const auto made = run_async(desk.create("ci", Role::viewer)).value();
  const auto last_used = [&] { return s.read(&Tokens::list)->at(0).last_used; };
  CHECK_FALSE(last_used());
  REQUIRE(run_async(desk.check(made.token)));
  CHECK(last_used() == kNoon);
  clock.advance(std::chrono::seconds(59));
  REQUIRE(run_async(desk.check(made.token)));
  CHECK(last_used() == kNoon);
  clock.advance(std::chrono::seconds(1));
  REQUIRE(run_async(desk.check(made.token)));
  CHECK(last_used() == kNoon + std::chrono::minutes(1));
}

TEST_CASE("a token's name is printable, short, and used once among those in force") {
  TemporaryStore s;
  ManualClock clock(kNoon);
  TokenDesk desk(*s.store, clock);
  for (const std::string& name : {std::string(), std::string(65, 'a'), std::string("a\nb"), std::string("a\0b", 3)}) {
    CHECK(run_async(desk.create(name, Role::viewer)).error().kind == Error::Kind::invalid);
  }
  const auto made = run_async(desk.create("ci", Role::viewer)).value();
  CHECK(run_async(desk.create("ci", Role::admin)).error().kind == Error::Kind::conflict);
  REQUIRE(s.write(&Tokens::revoke, made.id, kNoon));
  CHECK(run_async(desk.create("ci", Role::admin)));
  CHECK(s.write(&Tokens::revoke, TokenId(99), kNoon).error().kind == Error::Kind::not_found);
}

TEST_CASE("an admin's token can be made in a transaction of the caller's, under a name that is free") {
  TemporaryStore s;
  ManualClock clock(kNoon);
  TokenDesk desk(*s.store, clock);
  REQUIRE(*run_async(desk.create_first()));
  const auto add = [&s](const std::string& name) {
    return s.write([name](store::Transaction& tx) { return add_admin(tx, name, kNoon); });
  };
  const auto made = add("found again");
  REQUIRE(made);
  const auto checked = run_async(desk.check(made->token));
  REQUIRE(checked);
  CHECK(checked->id == made->id);
  CHECK(checked->name == "found again");
  CHECK(checked->role == Role::admin);
  CHECK_FALSE(checked->expires);
  CHECK(add("admin").error().kind == Error::Kind::conflict);
  CHECK(add("a\nb").error().kind == Error::Kind::invalid);
}

TEST_CASE("the last admin's token in force can't be revoked") {
  TemporaryStore s;
  ManualClock clock(kNoon);
  TokenDesk desk(*s.store, clock);
  const auto revoke_at = [&s](TokenId id, Time now) {
    return s.write([id, now](store::Transaction& tx) { return revoke(tx, id, now); });
  };
  const TokenId first = run_async(desk.create_first()).value()->id;
  const TokenId viewer = run_async(desk.create("viewer", Role::viewer)).value().id;
  const TokenId gone = run_async(desk.create("gone", Role::admin)).value().id;
  const Time later = kNoon + std::chrono::hours(1);
  const TokenId brief = run_async(desk.create("brief", Role::admin, later)).value().id;
  CHECK(revoke_at(gone, kNoon));

  const auto last = revoke_at(first, later);  // by then the brief one has expired
  REQUIRE_FALSE(last);
  CHECK(last.error().kind == Error::Kind::conflict);
  CHECK(last.error().hint.find("slipway token create") != std::string::npos);
  CHECK_FALSE(s.read(&Tokens::get, first)->revoked);
  CHECK(revoke_at(gone, later));
  CHECK(revoke_at(brief, later));
  CHECK(revoke_at(viewer, later));
  CHECK(revoke_at(TokenId(99), later).error().kind == Error::Kind::not_found);

  const TokenId second = run_async(desk.create("second", Role::admin)).value().id;
  CHECK(revoke_at(first, later));
  CHECK(revoke_at(second, later).error().kind == Error::Kind::conflict);
}
