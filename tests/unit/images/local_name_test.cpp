#include "images/local_name.hpp"

#include <catch2/catch.hpp>

namespace slipway::images {

TEST_CASE("an image goes by its tags and by its digests in repositories, and not by its id") {
  docker::Image image;
  image.id = "sha256:" + std::string(64, 'a');
  image.repo_tags = {"busybox:latest", "registry.example:5000/shop/app:1"};
  const std::string digest = "sha256:" + std::string(64, 'b');
  image.repo_digests = {"registry.example:5000/shop/app@" + digest};
  const std::pair<std::string, bool> cases[] = {
      {"busybox", true},
      {"docker.io/library/busybox:latest", true},
      {"busybox:1", false},
      {"registry.example:5000/shop/app:1", true},
      {"registry.example:5000/shop/app", false},
      {"registry.example:5000/shop/app@" + digest, true},
      {"registry.example:5000/shop/app@sha256:" + std::string(64, 'c'), false},
      {"busybox@" + digest, false},
      {"aaaaaaaaaaaa", false},
      {"sha256:aaaaaaaaaaaa", false},
  };
  for (const auto& [name, goes] : cases) {
    CAPTURE(name);
    CHECK(goes_by(image, *parse_reference(name)) == goes);
  }
  CHECK(known_to_registry(image, *parse_reference("registry.example:5000/shop/app:2")));
  CHECK_FALSE(known_to_registry(image, *parse_reference("busybox")));
}

}  // namespace slipway::images
