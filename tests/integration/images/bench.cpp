#include "tests/integration/images/bench.hpp"

#include <catch2/catch.hpp>

#include "base/process.hpp"
#include "tests/support/run_async.hpp"
#include "tests/unit/images/tree.hpp"

namespace slipway::images {
namespace {

constexpr const char* kLabel = "slipway-test.images-bench";

awaitable<Result<docker::BuildOutcome>> build_context(Pool& pool, docker::Builds& builds, ContextSpec from,
                                                      docker::BuildSpec spec) {
  Result<BuildContext> context = co_await open_context(pool, std::move(from));
  if (!context) co_return fail(context.error());
  spec.dockerfile = context->dockerfile;
  co_return co_await builds.build(std::move(spec), std::move(context->tar));
}

awaitable<Result<std::string>> read_archive(docker::Archives& archives, std::string container, std::string path) {
  Result<docker::ArchiveStream> stream = co_await archives.get(container, path);
  if (!stream) co_return fail(stream.error());
  std::string tar;
  for (;;) {
    Result<std::string> piece = co_await stream->tar.next();
    if (!piece) co_return fail(piece.error());
    if (piece->empty()) co_return tar;
    tar += *piece;
  }
}

}  // namespace

ImageBench::~ImageBench() {
  docker::Filters mine;
  mine.label(kLabel, salt_);
  const auto images = engine.run(engine->images().list(mine));
  if (!images) WARN(images.error().message);
  for (const auto& image : images.value_or(std::vector<docker::ImageSummary>())) {
    const auto removed = engine.run(engine->images().remove(image.id, true));
    if (!removed) WARN(removed.error().message);
  }
}

std::string ImageBench::build(const ContextSpec& context, docker::Builder builder, const std::vector<std::string>& tags,
                              const docker::Labels& labels) {
  docker::BuildSpec spec;
  spec.id = "slipway-test-" + random_hex(8);
  spec.builder = builder;
  spec.tags = tags;
  spec.labels = labels;
  spec.labels[kLabel] = salt_;
  Pool pool(1);
  const auto outcome = engine.run(build_context(pool, engine->builds(), context, spec));
  CAPTURE(outcome ? "" : outcome.error().message);
  REQUIRE(outcome);
  return outcome->image_id;
}

std::string ImageBench::build_by_docker(const std::filesystem::path& context) const {
  ProcessSpec spec("docker", {"build", "-q", "--label", kLabel + ("=" + salt_), context.string()});
  spec.environment = {{"DOCKER_BUILDKIT", "0"}, {"DOCKER_HOST", RealEngine::endpoint().text()}};
  const auto ran = run_async(run_process(std::move(spec)));
  REQUIRE(ran);
  CAPTURE(ran->errors);
  REQUIRE(ran->exit_code == 0);
  return ran->output.substr(0, ran->output.find('\n'));
}

std::map<std::string, std::string> ImageBench::files_in(const std::string& image, const std::string& folder) {
  docker::ContainerSpec spec(image);
  spec.command = std::vector<std::string>{"none"};
  spec.labels = {{kLabel, salt_}};
  const auto created = engine.run(engine->containers().create(spec));
  CAPTURE(created ? "" : created.error().message);
  REQUIRE(created);
  const auto tar = engine.run(read_archive(engine->archives(), created->id, folder + "/."));
  docker::RemoveContainer how;
  how.force = true;
  const auto removed = engine.run(engine->containers().remove(created->id, how));
  if (!removed) WARN(removed.error().message);
  REQUIRE(tar);
  const Tree copy;
  unpack(*tar, copy.path());
  return describe(copy.path());
}

}  // namespace slipway::images
