#include "tests/integration/docker-client/container_fixture.hpp"
#include "tests/support/tar_text.hpp"

using namespace slipway;
using namespace slipway::docker;

TEST_CASE("files go into a container that was never started, and out again", "[shared]") {
  Bench bench;
  auto& archives = bench.engine->archives();
  const std::string id = bench.create("cat /tmp/a.txt /tmp/b.txt");
  const std::string big(3 << 20, 'b');
  const auto put = bench.engine.run(archives.put(id, "/tmp", source_of({{"a.txt", "hello\n"}, {"b.txt", big}})));
  if (!put) FAIL(put.error().message);

  const auto stat = bench.engine.run(archives.stat(id, "/tmp/b.txt"));
  REQUIRE(stat);
  CHECK(stat->name == "b.txt");
  CHECK(stat->size == 3 << 20);
  CHECK((stat->mode & 0777) == 0644);
  CHECK_FALSE(stat->folder());

  auto archive = bench.engine.run(archives.get(id, "/tmp/a.txt"));
  REQUIRE(archive);
  CHECK(archive->stat.name == "a.txt");
  const std::string tar = bench.read_all(std::move(archive->tar));
  CHECK(tar.starts_with("a.txt"));
  CHECK(tar.substr(512, 6) == "hello\n");

  REQUIRE(bench.engine.run(bench.engine->containers().start(id)));
  REQUIRE(bench.engine.run(bench.engine->containers().wait(id)));
  CHECK(bench.output_of(id) == "hello\n" + big);
}

TEST_CASE("a folder and a symlink are told from a file", "[shared]") {
  Bench bench;
  const std::string id = bench.finish("ln -s /etc/hosts /tmp/link");
  const auto folder = bench.engine.run(bench.engine->archives().stat(id, "/tmp"));
  REQUIRE(folder);
  CHECK(folder->folder());
  const auto link = bench.engine.run(bench.engine->archives().stat(id, "/tmp/link"));
  REQUIRE(link);
  CHECK(link->symlink());
  CHECK(link->link_target == "/etc/hosts");
}

TEST_CASE("a missing folder is not found, a file in its place invalid", "[shared]") {
  Bench bench;
  auto& archives = bench.engine->archives();
  const std::string id = bench.finish("echo > /tmp/file");
  const auto missing = bench.engine.run(archives.put(id, "/no/such", source_of({{"a", "b"}})));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == Error::Kind::not_found);
  const auto file = bench.engine.run(archives.put(id, "/tmp/file", source_of({{"a", "b"}})));
  REQUIRE_FALSE(file);
  CHECK(file.error().kind == Error::Kind::invalid);
  const auto none = bench.engine.run(archives.get(id, "/no/such"));
  REQUIRE_FALSE(none);
  CHECK(none.error().kind == Error::Kind::not_found);
  const auto stat = bench.engine.run(archives.stat(id, "/no/such"));
  REQUIRE_FALSE(stat);
  CHECK(stat.error().kind == Error::Kind::not_found);
  const auto unknown = bench.engine.run(archives.put("slipway-test-no-such", "/", source_of({{"a", "b"}})));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().kind == Error::Kind::not_found);
}

TEST_CASE("what is no tar is refused, and a source that fails gives its own error", "[shared]") {
  Bench bench;
  auto& archives = bench.engine->archives();
  const std::string id = bench.create("true");
  const auto garbage = bench.engine.run(archives.put(id, "/tmp", std::make_unique<TextSource>(std::string(5000, 'x'))));
  REQUIRE_FALSE(garbage);
  const Error broke(Error::Kind::internal, "disk broke");
  const auto failed = bench.engine.run(
      archives.put(id, "/tmp", std::make_unique<TextSource>(tar_of({{"a", std::string(9000, 'a')}}), 3000, broke)));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message.find("disk broke") != std::string::npos);
}
