#include "orchestrator/runs/registry_grants.hpp"

#include <catch2/catch.hpp>

namespace slipway::runs {

TEST_CASE("credentials are everybody's unless a registry is limited, and then for the repositories that are listed") {
  RegistryGrants grants;
  CHECK(grants.cover("registry.example/any/thing:1"));
  grants.limit("registry.example", {"shop/*", "tools", "!shop/secret"});
  grants.limit("closed.example", {});
  const std::pair<const char*, bool> cases[] = {
      {"registry.example/shop/app:1", true},   {"registry.example/shop/app/sub", false},
      {"registry.example/shop/secret", false}, {"registry.example/tools:2", true},
      {"registry.example/blog/app", false},    {"registry.example:5000/blog/app", true},
      {"closed.example/shop/app", false},      {"busybox", true},
      {"REGISTRY.example/blog/app", false},    {"Closed.Example/shop/app", false},
  };
  for (const auto& [reference, covered] : cases) {
    CAPTURE(reference);
    CHECK(grants.cover(reference) == covered);
  }
  grants.limit("docker.io", {"shop/*"});
  for (const char* hub : {"org/private", "index.docker.io/org/private", "registry-1.docker.io/org/private",
                          "registry.hub.docker.com/org/private", "DOCKER.io/org/private"}) {
    CAPTURE(hub);
    CHECK_FALSE(grants.cover(hub));
  }
  CHECK_FALSE(RegistryGrants::none().cover("busybox"));
}

}  // namespace slipway::runs
