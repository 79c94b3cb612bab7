#include <catch2/catch.hpp>

#include "images/archive_check.hpp"
#include "tests/integration/images/bench.hpp"
#include "tests/support/tar_text.hpp"
#include "tests/unit/images/tree.hpp"

namespace slipway::images {
namespace {

/// A container of busybox, made and not started.
class Idle {
 public:
  explicit Idle(RealEngine& engine) : engine_(engine) {
    docker::ContainerSpec spec("busybox:latest");
    spec.command = std::vector<std::string>{"true"};
    spec.labels = {{"slipway-test.archives", "1"}};
    const auto created = engine_.run(engine_->containers().create(spec));
    REQUIRE(created);
    id_ = created->id;
  }
  Idle(const Idle&) = delete;
  Idle& operator=(const Idle&) = delete;
  ~Idle() {
    const auto removed = engine_.run(engine_->containers().remove(id_));
    if (!removed) WARN(removed.error().message);
  }
  [[nodiscard]] const std::string& id() const { return id_; }

 private:
  RealEngine& engine_;
  std::string id_;
};

awaitable<Result<std::size_t>> check_archive(docker::Archives& archives, std::string container, std::string path) {
  Result<docker::ArchiveStream> stream = co_await archives.get(container, path);
  if (!stream) co_return fail(stream.error());
  ArchiveCheck check;
  for (;;) {
    Result<std::string> piece = co_await stream->tar.next();
    if (!piece) co_return fail(piece.error());
    const Result<void> good = piece->empty() ? check.finish() : check.feed(*piece);
    if (!good) co_return fail(good.error());
    if (piece->empty()) co_return check.entries();
  }
}

awaitable<Result<void>> put_context(Pool& pool, docker::Archives& archives, std::string container, ContextSpec spec) {
  Result<BuildContext> context = co_await open_context(pool, std::move(spec));
  if (!context) co_return fail(context.error());
  auto tar = checked(std::move(context->tar));
  co_return co_await archives.put(container, "/tmp", std::move(tar));
}

awaitable<Result<void>> put_tar(docker::Archives& archives, std::string container, std::string tar) {
  auto source = checked(std::make_unique<TextSource>(std::move(tar)));
  co_return co_await archives.put(container, "/tmp", std::move(source));
}

}  // namespace

TEST_CASE("what the engine sends of a container's folder passes the check", "[engine]") {
  RealEngine engine;
  const Idle container(engine);
  for (const char* path : {"/bin", "/etc", "/."}) {
    CAPTURE(path);
    const auto entries = engine.run(check_archive(engine->archives(), container.id(), path));
    CAPTURE(entries ? "" : entries.error().message);
    REQUIRE(entries);
    CHECK(*entries > 1);
  }
}

TEST_CASE("a checked tree goes into a container, a hostile tar does not", "[engine]") {
  RealEngine engine;
  const Idle container(engine);
  const Tree tree;
  tree.file("Dockerfile");
  tree.file("ok/file", "content");
  tree.link("ok/link", "/etc");
  Pool pool(1);
  REQUIRE(engine.run(put_context(pool, engine->archives(), container.id(), ContextSpec(tree.path()))));
  CHECK(engine.run(engine->archives().stat(container.id(), "/tmp/ok/file"))->size == 7);

  const auto put = engine.run(put_tar(engine->archives(), container.id(), tar_of({{"../evil", "x"}})));
  REQUIRE_FALSE(put);
  CAPTURE(put.error().message);
  CHECK(put.error().kind == Error::Kind::invalid);
  CHECK(engine.run(engine->archives().stat(container.id(), "/evil")).error().kind == Error::Kind::not_found);
}

}  // namespace slipway::images
