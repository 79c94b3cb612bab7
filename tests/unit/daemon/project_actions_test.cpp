#include "orchestrator/daemon/project_actions.hpp"

#include "base/encoding.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace {

/// With one project, "shop".
struct Desk {
  Desk() {
    http::ProjectInput shop = input();
    shop.clone_url = "https://git.example/shop.git";
    REQUIRE(run_async(actions.add(shop, "ann")));
  }
  static http::ProjectInput input(std::string name = "shop") {
    http::ProjectInput made;
    made.name = std::move(name);
    return made;
  }
  store::Project shop() { return s.read(&store::Projects::find, std::string("shop")).value(); }

  store::TemporaryStore s;
  ManualClock clock{store::kNoon};
  auth::Vault vault{{Secret(from_hex(random_hex(32)).value())}};
  ProjectActions actions{*s.store, vault, clock, checkout::UrlPolicy(), "https://ci.example"};
};

/// Both begin before either is done.
void at_once(awaitable<Result<void>> one, awaitable<Result<void>> other) {
  asio::io_context io;
  std::size_t done = 0;
  const auto count = [&](std::exception_ptr escaped, Result<void> result) {
    if (!escaped && result) ++done;
  };
  asio::co_spawn(io, std::move(one), count);
  asio::co_spawn(io, std::move(other), count);
  io.run();
  CHECK(done == 2);
}

}  // namespace

TEST_CASE("two changes of a project at the same time both hold, its secrets included") {
  Desk desk;
  http::ProjectInput secret = Desk::input();
  secret.hook_secret = Secret("new-hook-secret");
  secret.clone_password = Secret("new-password");
  http::ProjectInput limit = Desk::input();
  limit.max_runs = 3;
  at_once(desk.actions.update(secret, "ann"), desk.actions.update(limit, "bob"));
  const store::Project shop = desk.shop();
  CHECK(shop.settings.max_runs == 3);
  CHECK(desk.vault.open(shop.sealed_hook_secret, "shop", "hook")->reveal() == "new-hook-secret");
  CHECK_FALSE(shop.sealed_clone_password.empty());

  http::ProjectInput empty = Desk::input();
  empty.clone_password = Secret();
  http::ProjectInput branch = Desk::input();
  branch.default_branch = "trunk";
  at_once(desk.actions.update(branch, "ann"), desk.actions.update(empty, "bob"));
  CHECK(desk.shop().sealed_clone_password.empty());
  CHECK(desk.shop().default_branch == "trunk");
  CHECK(desk.shop().settings.max_runs == 3);
  CHECK(desk.shop().sealed_hook_secret == shop.sealed_hook_secret);
}

TEST_CASE("a change that is wrong in one thing changes nothing") {
  Desk desk;
  http::ProjectInput wrong = Desk::input();
  wrong.max_runs = 7;
  wrong.default_branch = "not a branch";
  CHECK(run_async(desk.actions.update(wrong, "ann")).error().kind == Error::Kind::invalid);
  wrong = Desk::input();
  wrong.max_runs = 7;
  wrong.clone_url = "ftp://git.example/shop.git";
  CHECK(run_async(desk.actions.update(wrong, "ann")).error().kind == Error::Kind::invalid);
  CHECK(desk.shop().settings.max_runs == 0);
  CHECK(run_async(desk.actions.update(Desk::input("none"), "ann")).error().kind == Error::Kind::not_found);
}
