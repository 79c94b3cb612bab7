#include "orchestrator/auth/vault.hpp"

#include <catch2/catch.hpp>

#include "base/encoding.hpp"
#include "base/ids.hpp"

using namespace slipway;
using namespace slipway::auth;

namespace {

Secret random_key() {
  return Secret(from_hex(random_hex(32)).value());
}

}  // namespace

TEST_CASE("what was sealed opens again, also when it is empty or binary") {
  const Vault vault({random_key()});
  for (const std::string& text : {std::string(), std::string("hunter2"), std::string("a\0b\xff\n", 5)}) {
    const std::string sealed = vault.seal(Secret(text), "shop", "secret/KEY");
    CHECK(sealed.find("hunter2") == std::string::npos);
    CHECK(vault.open(sealed, "shop", "secret/KEY")->reveal() == text);
  }
}

TEST_CASE("the same value never looks the same twice") {
  const Vault vault({random_key()});
  CHECK(vault.seal(Secret("x"), "shop", "hook") != vault.seal(Secret("x"), "shop", "hook"));
}

TEST_CASE("a sealed text opens for its own project and name only") {
  const Vault vault({random_key()});
  const std::string sealed = vault.seal(Secret("hunter2"), "shop", "secret/KEY");
  CHECK(vault.open(sealed, "blog", "secret/KEY").error().kind == Error::Kind::invalid);
  CHECK(vault.open(sealed, "shop", "secret/OTHER").error().kind == Error::Kind::invalid);
  CHECK(vault.open(sealed, "sho", "psecret/KEY").error().kind == Error::Kind::invalid);
}

TEST_CASE("a sealed text with any character changed does not open") {
  const Vault vault({random_key()});
  const std::string sealed = vault.seal(Secret("hunter2"), "shop", "hook");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CAPTURE(i, changed);
    const auto opened = vault.open(changed, "shop", "hook");
    // Bits of base64 beyond the last byte carry nothing, so that the text may still be the same bytes.
    if (opened) CHECK(from_base64(changed.substr(12)).value() == from_base64(sealed.substr(12)).value());
  }
}

TEST_CASE("texts that were never sealed are refused, whatever they are") {
  const Vault vault({random_key()});
  const std::string sealed = vault.seal(Secret("hunter2"), "shop", "hook");
  for (const std::string& text :
       {std::string(), std::string("v1."), std::string("plain text"), sealed.substr(0, 12), sealed.substr(0, 20),
        "v2" + sealed.substr(2), sealed + "AAAA", std::string(1000, 'A')}) {
    CAPTURE(text);
    CHECK(vault.open(text, "shop", "hook").error().kind == Error::Kind::invalid);
  }
}

TEST_CASE("after a new key was put first, old texts still open and count as outdated") {
  const Secret old_key = random_key();
  const Vault before({old_key});
  const std::string sealed = before.seal(Secret("hunter2"), "shop", "hook");
  CHECK_FALSE(before.outdated(sealed));

  const Vault after({random_key(), old_key});
  CHECK(after.open(sealed, "shop", "hook")->reveal() == "hunter2");
  CHECK(after.outdated(sealed));
  CHECK_FALSE(after.outdated(after.seal(Secret("x"), "shop", "hook")));

  const Vault stranger({random_key()});
  CHECK(stranger.open(sealed, "shop", "hook").error().kind == Error::Kind::not_found);
}
