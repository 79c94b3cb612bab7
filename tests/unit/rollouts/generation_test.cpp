#include "orchestrator/rollouts/generation.hpp"

#include <catch2/catch.hpp>

#include "orchestrator/rollouts/file_grants.hpp"
#include "orchestrator/rollouts/generations.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

GenerationSpec spec_of(std::int64_t number, const std::string& web_hash, const std::string& db_hash) {
  GenerationSpec spec;
  spec.application = "shop";
  spec.number = number;
  spec.compose = "name: shop";
  spec.compose_path = "deploy/compose.yml";
  spec.variables = {{"TAG", "1"}};
  spec.files = {{"motd", "hello"}};
  spec.hosts = {"h1", "h2"};
  spec.releases = {{"web", "r/web@sha256:1", web_hash, 0, 2}, {"db", "r/db@sha256:2", db_hash, 0, 1}};
  return spec;
}

/// As the store gives it back.
store::Generation stored(GenerationSpec spec, const std::vector<store::Generation>& earlier = {}) {
  reuse_releases(spec, earlier);
  store::Generation row = to_row(spec, RunId(), Time{});
  row.number = spec.number;
  return row;
}

store::Rollout ended(std::int64_t generation, const std::string& kind, const std::string& state = "succeeded") {
  store::Rollout rollout;
  rollout.generation = generation;
  rollout.kind = kind;
  rollout.state = state;
  return rollout;
}

}  // namespace

TEST_CASE("a generation reads back from the store with the number it was given there") {
  const auto again = from_row(stored(spec_of(7, "a", "b")));
  REQUIRE(again);
  CHECK(again->number == 7);
  CHECK(again->compose == "name: shop");
  CHECK(again->variables == Variables{{"TAG", "1"}});
  CHECK(again->files.at("motd") == "hello");
  CHECK(again->hosts == std::vector<std::string>{"h1", "h2"});
  CHECK(again->find("web")->generation == 7);
  CHECK(again->find("web")->replicas == 2);
  CHECK(again->find("nobody") == nullptr);
}

TEST_CASE("a service that is as it was in any earlier generation takes that one's containers over") {
  const auto first = stored(spec_of(1, "a", "db"));
  const auto second = stored(spec_of(2, "b", "db"), {first});
  const auto third = from_row(stored(spec_of(3, "a", "db"), {second, first}));
  REQUIRE(third);
  CHECK(third->find("web")->generation == 1);
  CHECK(third->find("db")->generation == 1);
  const auto wanted = wanted_of(*third);
  REQUIRE(wanted.size() == 3);
  CHECK(wanted[0].name == "shop-web-g1-1");
  CHECK(wanted[1].name == "shop-web-g1-2");
  CHECK(wanted[2].name == "shop-db-g1-1");
}

TEST_CASE("what was rolled back from is never what a rollback goes to") {
  // Newest first, as the store lists them.
  CHECK(standing_generations({}).empty());
  CHECK(standing_generations({ended(2, "deploy"), ended(1, "deploy")}) == std::vector<std::int64_t>{1, 2});
  CHECK(standing_generations({ended(1, "rollback"), ended(2, "deploy"), ended(1, "deploy")}) ==
        std::vector<std::int64_t>{1});
  CHECK(standing_generations({ended(3, "deploy"), ended(1, "rollback"), ended(2, "deploy"), ended(1, "deploy")}) ==
        std::vector<std::int64_t>{1, 3});
  CHECK(standing_generations({ended(2, "deploy", "rolled_back"), ended(1, "catch_up"), ended(1, "deploy")}) ==
        std::vector<std::int64_t>{1});
}

TEST_CASE("services start after those they depend on, whatever their order in the file") {
  Application application;
  application.services.resize(3);
  application.services[0].name = "web";
  application.services[0].depends_on = {{"api", Dependency::Condition::healthy}};
  application.services[1].name = "api";
  application.services[1].depends_on = {{"db", Dependency::Condition::started}};
  application.services[2].name = "db";
  const auto order = in_start_order(application);
  REQUIRE(order.size() == 3);
  CHECK(order[0]->name == "db");
  CHECK(order[1]->name == "api");
  CHECK(order[2]->name == "web");
}

TEST_CASE("secrets and configs become one tar a folder, with owner and mode") {
  Target target;
  target.secrets = {{"key", Secret("12345")}, {"motd", Secret(std::string(600, 'x'))}};
  Service service;
  service.secrets = {{"key", "/run/secrets/server.key", 1000, 44, 0400}};
  service.configs = {{"motd", "/etc/motd", 0, 0, 0444}};
  const auto tars = granted_files(target, service);
  REQUIRE(tars.size() == 2);
  const std::string& secret = tars.at("/run/secrets");
  CHECK(secret.size() == 512 + 512 + 1024);
  CHECK(secret.substr(0, 11) == std::string("server.key\0", 11));
  CHECK(secret.substr(100, 7) == "0000400");
  CHECK(secret.substr(108, 7) == "0001750");
  CHECK(secret.substr(116, 7) == "0000054");
  CHECK(secret.substr(124, 11) == "00000000005");
  CHECK(secret.substr(257, 8) == std::string("ustar\00000", 8));
  CHECK(secret.substr(512, 5) == "12345");
  unsigned long sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(secret[i]);
  CHECK(std::stoul(secret.substr(148, 6), nullptr, 8) == sum);
  CHECK(tars.at("/etc").size() == 512 + 1024 + 1024);
}

TEST_CASE("a service that was granted what is lost is told from one that was not") {
  Target target;
  target.lost = {{"key", "no secret KEY"}};
  Service service;
  service.configs = {{"motd", "/etc/motd", 0, 0, 0444}};
  CHECK(check_granted(target, service));
  service.secrets = {{"key", "/run/secrets/server.key", 1000, 44, 0400}};
  const auto granted = check_granted(target, service);
  REQUIRE_FALSE(granted);
  CHECK(granted.error().kind == Error::Kind::not_found);
  CHECK(granted.error().message == "no secret KEY");
}
