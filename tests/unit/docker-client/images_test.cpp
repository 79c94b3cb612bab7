#include "docker-client/images.hpp"

#include <catch2/catch.hpp>

#include "tests/support/run_async.hpp"
#include "tests/unit/docker-client/scripted_transport.hpp"

using namespace slipway;
using namespace slipway::docker;

namespace {

/// Answers with the path that was asked for, as an image's id.
awaitable<void> answer_with_path(Peer peer, int) {
  for (;;) {
    const std::string request = co_await peer.request();
    if (request.empty()) co_return;
    const std::size_t path = request.find("/images/");
    const std::string id = path == std::string::npos ? "" : request.substr(path, request.find(' ', path) - path);
    co_await peer.answer("200 OK", "{\"Id\": \"" + id + "\"}", "Api-Version: 1.41\r\n");
  }
}

}  // namespace

TEST_CASE("an image's name goes into the path as it is, with a registry's IPv6 address too") {
  with_script(answer_with_path, [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
    Images images(transport);
    for (const std::string name :
         {"busybox:1", "r.example:5000/a/b:x", "[::1]:5000/app:x", "[2001:db8::1]/app", "[::1]:5000/app@sha256:00"}) {
      CAPTURE(name);
      auto asking = images.inspect(name);
      const Result<Image> image = co_await std::move(asking);
      REQUIRE(image);
      CHECK(image->id == "/images/" + name + "/json");
    }
  });
}

TEST_CASE("what could leave its place in the path is no image's name") {
  with_script(answer_with_path, [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
    Images images(transport);
    for (const std::string name : {"",
                                   "a b",
                                   "a?b",
                                   "a%2f",
                                   "/a",
                                   "a/",
                                   "a//b",
                                   "a/../b",
                                   ".a",
                                   "[",
                                   "[]",
                                   "[::1]",
                                   "[::1",
                                   "[::1]app",
                                   "[::1]/",
                                   "[::1]//a",
                                   "[::1]/../a",
                                   "[::x]/a",
                                   "[::1]/[::1]/a",
                                   "a[::1]/b",
                                   "[a/b]/c"}) {
      CAPTURE(name);
      auto asking = images.inspect(name);
      const Result<Image> image = co_await std::move(asking);
      REQUIRE_FALSE(image);
      CHECK(image.error().kind == Error::Kind::invalid);
    }
  });
}
