#include "images/retention.hpp"

#include <catch2/catch.hpp>

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

}  // namespace slipway::images
