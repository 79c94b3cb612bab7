#include "orchestrator/runs/transfer_report.hpp"

#include <vector>

#include <catch2/catch.hpp>

#include "orchestrator/runs/image_source.hpp"
#include "tests/unit/docker-client/scripted_transport.hpp"

using namespace slipway;
using namespace slipway::runs;
using namespace std::chrono_literals;

namespace {

using LayerPhase = docker::ImageProgress::Phase;

constexpr std::uint64_t kMegabyte = 1'000'000;
constexpr Instant kBeginning{};

docker::ImageProgress layer(std::string id, LayerPhase phase, docker::Bytes bytes = {}) {
  docker::ImageProgress progress;
  progress.layer = std::move(id);
  progress.phase = phase;
  progress.bytes = bytes;
  return progress;
}

docker::BuildEvent fetched(std::size_t step, std::string what, docker::Bytes bytes) {
  docker::BuildEvent event;
  event.kind = docker::BuildEvent::Kind::transfer;
  event.step = step;
  event.text = std::move(what);
  event.bytes = bytes;
  return event;
}

TransferReport pull_of_shop() {
  return TransferReport({"pulling", "pulled", "shop:1"});
}

/// Plays an Engine that does not have shop:1 and pulls it slowly enough for two to wait.
awaitable<void> play_pull(docker::Peer peer, int* pulls) {
  const std::string version = "Api-Version: 1.41\r\n";
  for (;;) {
    const std::string request = co_await peer.request();
    if (request.empty()) co_return;
    if (request.find("/images/create") != std::string::npos) {
      ++*pulls;
      co_await sleep_for(200ms);
      co_await peer.answer(
          "200 OK",
          R"({"status":"Pulling fs layer","progressDetail":{},"id":"aa"})"
          "\r\n"
          R"({"status":"Downloading","progressDetail":{"current":412000000,"total":980000000},"id":"aa"})"
          "\r\n"
          R"({"status":"Digest: sha256:beef"})"
          "\r\n"
          R"({"status":"Status: Downloaded newer image for shop:1"})"
          "\r\n",
          version);
    } else if (request.find("/images/shop:1/json") != std::string::npos) {
      co_await peer.answer("404 Not Found", R"({"message":"No such image: shop:1"})", version);
    } else {
      co_await peer.answer("200 OK", R"({"Id":"sha256:feed"})", version);
    }
  }
}

awaitable<Result<docker::RegistryAuth>> nobody(std::string) {
  co_return docker::RegistryAuth();
}

struct Heard {
  std::vector<std::string> first, second;
};

awaitable<void> pull_by_two(docker::Endpoint endpoint, Heard* heard) {
  const Executor executor = co_await asio::this_coro::executor;
  docker::Engine engine(executor, std::move(endpoint));
  EngineWatch watch(engine, executor);
  ImageSource images(engine.images(), watch, nobody, executor, Milliseconds(0));
  const ImageSource::Say first = [heard](std::string line) { heard->first.push_back(std::move(line)); };
  const ImageSource::Say second = [heard](std::string line) { heard->second.push_back(std::move(line)); };
  auto both = all_of(images.ensure("shop:1", ImageSource::Trust::own, first),
                     images.ensure("shop:1", ImageSource::Trust::own, second));
  const auto [one, other] = co_await std::move(both);
  CHECK(one.value() == "sha256:feed");
  CHECK(other.value() == "sha256:feed");
  co_await images.close();
}

}  // namespace

TEST_CASE("a pull that takes long tells how many layers and bytes it has, every five seconds at most") {
  TransferReport report = pull_of_shop();
  CHECK_FALSE(report.add(layer("a", LayerPhase::waiting), kBeginning));
  CHECK_FALSE(report.add(layer("b", LayerPhase::exists), kBeginning));
  CHECK_FALSE(report.add(layer("c", LayerPhase::waiting), kBeginning));
  CHECK_FALSE(
      report.add(layer("a", LayerPhase::transferring, {100 * kMegabyte, 900 * kMegabyte}), kBeginning + 4'999ms));
  CHECK(report.add(layer("a", LayerPhase::transferring, {412 * kMegabyte, 900 * kMegabyte}), kBeginning + 5s) ==
        "pulling shop:1: 1 of 3 layers, 412 of at least 900 MB");
  CHECK_FALSE(report.add(layer("c", LayerPhase::transferring, {1, 80 * kMegabyte}), kBeginning + 9s));
  CHECK(report.add(layer("a", LayerPhase::extracting, {7, 9}), kBeginning + 10s) ==
        "pulling shop:1: 1 of 3 layers, 900 of 980 MB");
  CHECK(report.add(layer("c", LayerPhase::done), kBeginning + 15s) == "pulling shop:1: 2 of 3 layers, 980 of 980 MB");
  CHECK_FALSE(report.add(layer("c", LayerPhase::done), kBeginning + 25s));  // nothing new
  CHECK(report.add(layer("a", LayerPhase::done), kBeginning + 26s) == "pulling shop:1: 3 of 3 layers, 980 of 980 MB");
  CHECK(report.end(kBeginning + 42'900ms) == "pulled shop:1 in 42 s: 3 layers, 980 MB");
}

TEST_CASE("a transfer that takes less than five seconds leaves no line") {
  TransferReport report = pull_of_shop();
  CHECK_FALSE(report.end(kBeginning));
  CHECK_FALSE(report.add(layer("a", LayerPhase::transferring, {1, 2}), kBeginning + 1h));  // the clock begins here
  CHECK_FALSE(report.add(layer("a", LayerPhase::done), kBeginning + 1h + 4s));
  CHECK_FALSE(report.end(kBeginning + 1h + 4'999ms));
  CHECK(report.end(kBeginning + 1h + 5s) == "pulled shop:1 in 5 s: 1 layer, 0.0 kB");
}

TEST_CASE("words about the whole image are no layers, and a push that passes its size is told as whole") {
  TransferReport report({"pushing", "pushed", "shop:1"}, Milliseconds(0));
  docker::ImageProgress word;
  word.text = "The push refers to repository [shop]";
  CHECK_FALSE(report.add(word, kBeginning));
  CHECK(report.add(layer("a", LayerPhase::transferring, {5'600'000, 5 * kMegabyte}), kBeginning) ==
        "pushing shop:1: 0 of 1 layer, 5.0 of 5.0 MB");
  CHECK(report.end(kBeginning) == "pushed shop:1 in 0 s: 1 layer, 5.0 MB");
}

TEST_CASE("the lines about a transfer get rarer the longer it takes") {
  TransferReport report = pull_of_shop();
  int lines = 0;
  for (std::uint64_t second = 0; second <= 6 * 3600; ++second) {
    const docker::Bytes bytes{second * kMegabyte, 100'000 * kMegabyte};
    const auto line =
        report.add(layer("a", LayerPhase::transferring, bytes), kBeginning + std::chrono::seconds(second));
    if (line) ++lines;
    if (second == 1800) CHECK(lines <= 50);
  }
  CHECK(lines > 40);
  CHECK(lines < 100);
}

TEST_CASE("the steps of a build that fetch much tell it each at its own pace") {
  BuildTransfers transfers;
  CHECK_FALSE(transfers.add(fetched(3, "sha256:aa", {0, 900 * kMegabyte}), kBeginning));
  CHECK_FALSE(transfers.add(fetched(4, "transferring context:", {kMegabyte, 0}), kBeginning + 3s));
  CHECK_FALSE(transfers.add(fetched(3, "sha256:bb", {40 * kMegabyte, 80 * kMegabyte}), kBeginning + 4s));
  CHECK(transfers.add(fetched(3, "sha256:aa", {300 * kMegabyte, 900 * kMegabyte}), kBeginning + 5s) == "340 of 980 MB");
  CHECK_FALSE(transfers.add(fetched(3, "extracting sha256:bb", {}), kBeginning + 10s));  // nothing new
  CHECK_FALSE(transfers.add(fetched(4, "transferring context:", {2 * kMegabyte, 0}), kBeginning + 7s));
  CHECK(transfers.add(fetched(4, "transferring context:", {12 * kMegabyte, 0}), kBeginning + 8s) == "12 MB");
  transfers.forget(3);
  CHECK_FALSE(transfers.add(fetched(3, "sha256:aa", {1, 2}), kBeginning + 20s));
}

TEST_CASE("all who wait for one pull are told how far it is") {
  int pulls = 0;
  Heard heard;
  docker::with_script([&pulls](docker::Peer peer, int) { return play_pull(std::move(peer), &pulls); },
                      [&heard](docker::Transport&, docker::ScriptedEngine& scripted) {
                        return pull_by_two(scripted.endpoint(), &heard);
                      });
  CHECK(pulls == 1);
  CHECK(heard.first == std::vector<std::string>{"pulling shop:1: 0 of 1 layer",
                                                "pulling shop:1: 0 of 1 layer, 412 of 980 MB",
                                                "pulled shop:1 in 0 s: 1 layer, 980 MB"});
  CHECK(heard.second == heard.first);
}
