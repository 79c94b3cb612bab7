#include "orchestrator/rollouts/own_images.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::rollouts;

namespace {

const std::string shop_digest = "sha256:" + std::string(64, 'a');
const std::string worker_digest = "sha256:" + std::string(64, 'b');

store::PushedImage push_of_worker(store::PushState state, std::string digest) {
  store::PushedImage push;
  push.image = "worker";
  push.repository = "registry.example/shop/worker";
  push.tag = "12";
  push.digest = std::move(digest);
  push.state = state;
  return push;
}

Result<void> checked_image(const std::string& image, const std::vector<store::PushedImage>& pushes) {
  Service service;
  service.name = "side";
  service.image = image;
  const auto reference = images::parse_reference(image);
  REQUIRE(reference);
  const auto own = own_images({{"web", "registry.example/shop/web@" + shop_digest}}, pushes);
  return check_not_own(service, *reference, own);
}

}  // namespace

TEST_CASE("an image that the run pushed is not taken by its tag, whether deploy.images has its repository or not") {
  const auto pushes = std::vector{push_of_worker(store::PushState::pushed, worker_digest)};
  for (const char* image :
       {"registry.example/shop/worker", "registry.example/shop/worker:12", "registry.example/shop/web:1"}) {
    CAPTURE(image);
    const auto refused = checked_image(image, pushes);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == Error::Kind::invalid);
    CHECK_THAT(refused.error().hint, Catch::Contains("deploy.images"));
  }
  CHECK(checked_image("registry.example/shop/worker:12", pushes).error().message ==
        "service 'side' uses registry.example/shop/worker:12, which this run pushed as image 'worker'");
  CHECK_FALSE(checked_image("registry.example/shop/worker@" + shop_digest, pushes));
  CHECK(checked_image("registry.example/shop/worker@" + worker_digest, pushes));
  CHECK(checked_image("registry.example/shop/web:other@" + shop_digest, pushes));
  CHECK(checked_image("registry.example/shop/other:12", pushes));
  CHECK(checked_image("shop/worker:12", pushes));
}

TEST_CASE("an image that the run is pushing is its own by then, one that it could not push is not") {
  const std::string image = "registry.example/shop/worker:12";
  CHECK_FALSE(checked_image(image, {push_of_worker(store::PushState::intent, "")}));
  CHECK(checked_image(image, {push_of_worker(store::PushState::failed, "")}));
  CHECK(checked_image(image, {}));
}
