#include "tests/integration/docker-client/container_fixture.hpp"

using namespace slipway;
using namespace slipway::docker;

TEST_CASE("a network is made, found, joined, left and removed", "[shared]") {
  Bench bench;
  auto& networks = bench.engine->networks();
  NetworkSpec spec = bench.network_spec("net");
  spec.internal = true;
  const std::string id = bench.create_network(spec);

  const auto network = bench.engine.run(networks.inspect(spec.name));
  REQUIRE(network);
  CHECK(network->id == id);
  CHECK(network->internal);
  CHECK(network->labels.at(Bench::label) == bench.salt);
  CHECK(network->pools.size() == 1);

  const auto taken = bench.engine.run(networks.create(spec));
  REQUIRE_FALSE(taken);
  CHECK(taken.error().kind == Error::Kind::conflict);

  const std::string container = bench.start("sleep 1000");
  ContainerSpec plain = bench.spec("sleep 1000");
  plain.network_disabled = false;
  plain.network_mode = spec.name;
  const std::string member = bench.start(plain);
  const auto busy = bench.engine.run(networks.remove(id));
  REQUIRE_FALSE(busy);
  CHECK((busy.error().kind == Error::Kind::forbidden || busy.error().kind == Error::Kind::conflict));

  CHECK(bench.engine.run(networks.disconnect(spec.name, member, true)));
  CHECK(bench.engine.run(networks.disconnect(spec.name, member, true)));
  CHECK(bench.engine.run(networks.disconnect("slipway-test-no-such", member)));
  CHECK(bench.engine.run(networks.remove(id)));
  CHECK(bench.engine.run(networks.remove(id)));
}

TEST_CASE("a container can be created in several networks, with an alias in each, on any Engine", "[shared]") {
  Bench bench;
  NetworkSpec first = bench.network_spec("first"), second = bench.network_spec("second");
  first.internal = second.internal = true;
  bench.create_network(first);
  bench.create_network(second);
  ContainerSpec spec = bench.spec("sleep 1000");
  spec.network_disabled = false;
  NetworkAttachment one, two;
  one.network = first.name;
  one.aliases = {"web"};
  two.network = second.name;
  two.aliases = {"web", "api"};
  spec.networks = {one, two};
  const std::string id = bench.create(spec);
  CHECK(bench.inspect(id).networks.size() == 2);
  REQUIRE(bench.engine.run(bench.engine->containers().start(id)));
  const Container container = bench.inspect(id);
  REQUIRE(container.networks.size() == 2);
  CHECK_FALSE(container.networks.at(first.name).ipv4.empty());
  CHECK(container.networks.at(first.name).ipv4 != container.networks.at(second.name).ipv4);
  const auto& aliases = container.networks.at(second.name).aliases;
  CHECK(std::find(aliases.begin(), aliases.end(), "api") != aliases.end());
  CHECK(container.config.network_mode == first.name);

  const auto inspected = bench.engine.run(bench.engine->networks().inspect(second.name));
  REQUIRE(inspected);
  CHECK(inspected->containers.contains(id));
}

TEST_CASE("a container that can't join its second network is not left behind", "[shared]") {
  Bench bench;
  NetworkSpec first = bench.network_spec("first"), second = bench.network_spec("second");
  first.internal = second.internal = true;
  bench.create_network(first);
  bench.create_network(second);
  ContainerSpec spec = bench.spec("true");
  spec.network_disabled = false;
  NetworkAttachment one, two;
  one.network = first.name;
  two.network = second.name;
  two.ipv4 = "no address";
  spec.networks = {one, two};
  const auto created = bench.engine.run(bench.engine->containers().create(spec));
  REQUIRE_FALSE(created);
  const auto left = bench.engine.run(bench.engine->containers().inspect(spec.name));
  REQUIRE_FALSE(left);
  CHECK(left.error().kind == Error::Kind::not_found);
}

TEST_CASE("a network that does not exist is found out at the start at the latest", "[shared]") {
  Bench bench;
  ContainerSpec spec = bench.spec("true");
  spec.network_disabled = false;
  spec.network_mode = "slipway-test-no-such";
  const auto created = bench.engine.run(bench.engine->containers().create(spec));
  if (!created) {
    CHECK(created.error().kind == Error::Kind::not_found);
    return;
  }
  const auto started = bench.engine.run(bench.engine->containers().start(created->id));
  REQUIRE_FALSE(started);
  CHECK(started.error().kind == Error::Kind::not_found);
  CHECK(bench.engine.run(bench.engine->containers().remove(created->id)));
}

TEST_CASE("published ports are reported with the address they got", "[shared]") {
  Bench bench;
  ContainerSpec spec = bench.spec("sleep 1000");
  spec.network_disabled = false;
  spec.ports = {{80, "tcp", "127.0.0.1", ""}};
  const std::string id = bench.start(spec);
  const Container container = bench.inspect(id);
  REQUIRE(container.ports.size() == 1);
  CHECK(container.ports[0].container_port == 80);
  CHECK(container.ports[0].host_ip == "127.0.0.1");
  CHECK(std::stoi(container.ports[0].host_port) > 0);
  ListContainers what;
  what.filters = bench.mine();
  const auto rows = bench.engine.run(bench.engine->containers().list(what));
  REQUIRE(rows);
  REQUIRE(rows->size() == 1);
  REQUIRE(rows->front().ports.size() == 1);
  CHECK(rows->front().ports[0].host_port == container.ports[0].host_port);
}

TEST_CASE("a port that is taken is the Engine's failure, not the program's", "[shared]") {
  Bench bench;
  ContainerSpec spec = bench.spec("sleep 1000");
  spec.network_disabled = false;
  spec.ports = {{80, "tcp", "127.0.0.1", ""}};
  const std::string port = bench.inspect(bench.start(spec)).ports.at(0).host_port;
  ContainerSpec other = bench.spec("sleep 1000");
  other.network_disabled = false;
  other.ports = {{80, "tcp", "127.0.0.1", port}};
  const std::string id = bench.create(other);
  const auto started = bench.engine.run(bench.engine->containers().start(id));
  REQUIRE_FALSE(started);
  CHECK(started.error().kind == Error::Kind::internal);
  CHECK(started.error().message.find("port is already allocated") != std::string::npos);
  CHECK(bench.inspect(id).state.exit_code == 128);
}

TEST_CASE("volumes are made once, found by label, kept while in use, and removed", "[shared]") {
  Bench bench;
  auto& volumes = bench.engine->volumes();
  const Volume volume = bench.create_volume("data");
  VolumeSpec again;
  again.name = volume.name;
  const auto same = bench.engine.run(volumes.create(again));
  REQUIRE(same);
  CHECK(same->labels.at(Bench::label) == bench.salt);
  const auto found = bench.engine.run(volumes.list(bench.mine()));
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK(found->front().name == volume.name);
  CHECK(found->front().created_at);

  ContainerSpec spec = bench.spec("true");
  Mount mount;
  mount.source = volume.name;
  mount.target = "/data";
  spec.mounts = {mount};
  const std::string id = bench.create(spec);
  const auto busy = bench.engine.run(volumes.remove(volume.name));
  REQUIRE_FALSE(busy);
  CHECK(busy.error().kind == Error::Kind::conflict);
  REQUIRE(bench.engine.run(bench.engine->containers().remove(id)));

  const auto pruned = bench.engine.run(volumes.prune(bench.mine()));
  REQUIRE(pruned);
  CHECK(pruned->removed == std::vector<std::string>{volume.name});
  CHECK(bench.engine.run(volumes.remove(volume.name)));
  const auto gone = bench.engine.run(volumes.inspect(volume.name));
  REQUIRE_FALSE(gone);
  CHECK(gone.error().kind == Error::Kind::not_found);
}

TEST_CASE("networks are pruned by label, and never without one", "[shared]") {
  Bench bench;
  NetworkSpec spec = bench.network_spec("net");
  bench.create_network(spec);
  const auto listed = bench.engine.run(bench.engine->networks().list(bench.mine()));
  REQUIRE(listed);
  CHECK(listed->size() == 1);
  const auto pruned = bench.engine.run(bench.engine->networks().prune(bench.mine()));
  REQUIRE(pruned);
  CHECK(pruned->removed == std::vector<std::string>{spec.name});
  const auto networks = bench.engine.run(bench.engine->networks().prune(Filters().add("until", "1h")));
  CHECK(networks.error().kind == Error::Kind::invalid);
  const auto volumes = bench.engine.run(bench.engine->volumes().prune(Filters()));
  CHECK(volumes.error().kind == Error::Kind::invalid);
}

TEST_CASE("a bind mount's missing source is made if asked for, else an error", "[shared]") {
  Bench bench;
  const std::string path = "/tmp/" + bench.name("bind");
  ContainerSpec spec = bench.spec("ls -d /in");
  Mount mount;
  mount.type = Mount::Type::bind;
  mount.source = path;
  mount.target = "/in";
  spec.mounts = {mount};
  const auto refused = bench.engine.run(bench.engine->containers().create(spec));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::invalid);
  spec.mounts[0].create_host_path = true;
  const std::string id = bench.start(spec);
  REQUIRE(bench.engine.run(bench.engine->containers().wait(id)));
  CHECK(bench.output_of(id) == "/in\n");
  // The folder is on the engine's host, so a container takes it away again.
  ContainerSpec cleaner = bench.spec("rmdir /tmp-of-host/" + bench.name("bind"));
  mount.source = "/tmp";
  mount.target = "/tmp-of-host";
  cleaner.mounts = {mount};
  REQUIRE(bench.engine.run(bench.engine->containers().wait(bench.start(cleaner))));
}
