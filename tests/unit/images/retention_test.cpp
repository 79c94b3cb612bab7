#include "images/retention.hpp"

#include <catch2/catch.hpp>

#include "docker-client/containers.hpp"
#include "docker-client/images.hpp"
#include "tests/unit/docker-client/scripted_transport.hpp"

namespace slipway::images {
namespace {

const Time kNow = *parse_time("2026-06-01T00:00:00Z");

docker::ImageSummary image(const std::string& id, int days_old, const std::string& group = "app",
                           const std::string& instance = "a1") {
  docker::ImageSummary summary;
  summary.id = id;
  summary.created = kNow - std::chrono::hours(24 * days_old);
  summary.labels = {{"instance", instance}, {"group", group}};
  return summary;
}

RetentionPolicy policy(std::size_t keep) {
  RetentionPolicy policy;
  policy.keep = keep;
  policy.instance_label = "instance";
  policy.instance = "a1";
  policy.group_labels = {"group"};
  return policy;
}

std::vector<std::string> removed(const std::vector<docker::ImageSummary>& images, RetentionPolicy how,
                                 const std::set<std::string>& in_use = {}, const std::set<std::string>& wanted = {}) {
  std::vector<std::string> ids;
  for (const auto& removal : plan_retention(images, in_use, wanted, how, kNow).removals) ids.push_back(removal.id);
  return ids;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("the newest of each group stay, the rest go, oldest first") {
  const std::vector<docker::ImageSummary> images = {image("a2", 2), image("a9", 9), image("a4", 4), image("b3", 3, "b"),
                                                    image("b8", 8, "b")};
  CHECK(removed(images, policy(1)) == Ids{"a9", "b8", "a4"});
  CHECK(removed(images, policy(2)) == Ids{"a9"});
  CHECK(removed(images, policy(3)).empty());
  CHECK(removed(images, policy(0)) == Ids{"a9", "b8", "a4", "b3", "a2"});
}

TEST_CASE("images that are not ours are never touched") {
  docker::ImageSummary foreign = image("f", 100);
  foreign.labels.clear();
  CHECK(removed({foreign, image("other", 100, "app", "a2")}, policy(0)).empty());
}

TEST_CASE("without a label of ours nothing is ours") {
  RetentionPolicy none = policy(0);
  none.instance.clear();
  docker::ImageSummary unlabelled = image("f", 100, "app", "");
  CHECK(removed({unlabelled}, none).empty());
  none = policy(0);
  none.instance_label.clear();
  CHECK(removed({unlabelled}, none).empty());
}

TEST_CASE("young images, used ones and wanted ones stay") {
  const std::vector<docker::ImageSummary> images = {image("young", 0), image("used", 5), image("wanted", 6),
                                                    image("old", 7)};
  CHECK(removed(images, policy(0), {"used"}, {"wanted"}) == Ids{"old"});
}

TEST_CASE("an image goes with all its names, and with none by its id") {
  docker::ImageSummary named = image("n", 5);
  named.repo_tags = {"registry.example/app:1", "<none>:<none>"};
  named.repo_digests = {"registry.example/app@sha256:0", "<none>@<none>"};
  const RetentionPlan plan = plan_retention({named, image("u", 6)}, {}, {}, policy(0), kNow);
  REQUIRE(plan.removals.size() == 2);
  CHECK(plan.removals[0].names.empty());
  CHECK(plan.removals[1].names == Ids{"registry.example/app:1", "registry.example/app@sha256:0"});
}

namespace {

/// Notes which of its two lists the Engine is asked for.
awaitable<void> answer_lists(docker::Peer peer, std::string images, std::string containers,
                             std::vector<std::string>* asked) {
  for (;;) {
    const std::string request = co_await peer.request();
    if (request.empty()) co_return;
    std::string body = "OK";
    if (request.find("/images/json") != std::string::npos) {
      asked->emplace_back("images");
      body = images;
    } else if (request.find("/containers/json") != std::string::npos) {
      asked->emplace_back("containers");
      body = containers;
    }
    co_await peer.answer("200 OK", std::move(body), "Api-Version: 1.41\r\n");
  }
}

/// What an Engine is asked for while old images are removed, of which it has one of that age.
std::vector<std::string> asked_with_image_of(int days_old) {
  std::vector<std::string> asked;
  const auto made =
      std::chrono::duration_cast<std::chrono::seconds>((kNow - std::chrono::hours(24 * days_old)).time_since_epoch());
  const std::string images = "[{\"Id\":\"sha256:a\",\"Created\":" + std::to_string(made.count()) +
                             ",\"RepoTags\":[],\"Labels\":{\"instance\":\"a1\",\"group\":\"app\"}}]";
  const std::string containers = "[{\"Id\":\"c1\",\"ImageID\":\"sha256:a\"}]";
  docker::with_script([&](docker::Peer peer,
                          int) -> awaitable<void> { return answer_lists(std::move(peer), images, containers, &asked); },
                      [](docker::Transport& transport, docker::ScriptedEngine&) -> awaitable<void> {
                        docker::Images of_engine(transport);
                        docker::Containers containers_of_engine(transport);
                        auto removing = apply_retention(of_engine, containers_of_engine, {}, policy(0), kNow, {});
                        const Result<RetentionOutcome> outcome = co_await std::move(removing);
                        REQUIRE(outcome);
                        CHECK(outcome->removed == 0);
                      });
  return asked;
}

}  // namespace

TEST_CASE("an Engine is asked for its containers only if an image is old enough to go") {
  CHECK(asked_with_image_of(0) == std::vector<std::string>{"images"});
  CHECK(asked_with_image_of(9) == std::vector<std::string>{"images", "containers"});
}

}  // namespace slipway::images
