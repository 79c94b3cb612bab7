#include <catch2/catch.hpp>

#include "images/tar_reader.hpp"
#include "tests/integration/images/bench.hpp"

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

awaitable<Result<std::size_t>> entries_of(docker::Archives& archives, std::string container, std::string path) {
  Result<docker::ArchiveStream> stream = co_await archives.get(container, path);
  if (!stream) co_return fail(stream.error());
  TarReader reader;
  std::size_t entries = 0;
  for (;;) {
    Result<std::string> piece = co_await stream->tar.next();
    if (!piece) co_return fail(piece.error());
    if (piece->empty()) break;
    std::string_view bytes = *piece;
    while (!bytes.empty()) {
      const Result<std::optional<TarMember>> member = reader.read(bytes);
      if (!member) co_return fail(member.error());
      if (*member) ++entries;
    }
  }
  if (!reader.complete()) co_return fail(Error::Kind::invalid, "cut off");
  co_return entries;
}

}  // namespace

TEST_CASE("what the engine sends of a container's folder is read to its end", "[engine]") {
  RealEngine engine;
  const Idle container(engine);
  for (const char* path : {"/bin", "/etc", "/."}) {
    CAPTURE(path);
    const auto entries = engine.run(entries_of(engine->archives(), container.id(), path));
    CAPTURE(entries ? "" : entries.error().message);
    REQUIRE(entries);
    CHECK(*entries > 1);
  }
}

}  // namespace slipway::images
