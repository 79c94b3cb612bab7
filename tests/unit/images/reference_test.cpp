#include "images/reference.hpp"

#include <catch2/catch.hpp>

namespace slipway::images {
namespace {

const std::string kSomeDigest = "sha256:" + std::string(64, 'a');

struct Good {
  std::string text;
  std::string registry;
  std::string path;
  std::string tag;
  std::string familiar;
};

const std::vector<Good> kGood = {
    {"busybox", "docker.io", "library/busybox", "", "busybox"},
    {"busybox:1.36", "docker.io", "library/busybox", "1.36", "busybox:1.36"},
    {"library/busybox:1", "docker.io", "library/busybox", "1", "busybox:1"},
    {"docker.io/busybox", "docker.io", "library/busybox", "", "busybox"},
    {"docker.io/library/busybox", "docker.io", "library/busybox", "", "busybox"},
    {"index.docker.io/shop/app:1", "docker.io", "shop/app", "1", "shop/app:1"},
    {"shop/app", "docker.io", "shop/app", "", "shop/app"},
    {"shop/team/app", "docker.io", "shop/team/app", "", "shop/team/app"},
    {"docker.io/library/a/b", "docker.io", "library/a/b", "", "library/a/b"},
    {"localhost/app", "localhost", "app", "", "localhost/app"},
    {"localhost:5000/app", "localhost:5000", "app", "", "localhost:5000/app"},
    {"registry.example/app", "registry.example", "app", "", "registry.example/app"},
    {"registry.example:5000/shop/app:v1", "registry.example:5000", "shop/app", "v1",
     "registry.example:5000/shop/app:v1"},
    {"127.0.0.1:5000/app:x", "127.0.0.1:5000", "app", "x", "127.0.0.1:5000/app:x"},
    {"[::1]:5000/app:x", "[::1]:5000", "app", "x", "[::1]:5000/app:x"},
    {"[2001:db8::1]/app", "[2001:db8::1]", "app", "", "[2001:db8::1]/app"},
    {"Registry.Example/app", "Registry.Example", "app", "", "Registry.Example/app"},
    {"UPPER/app", "UPPER", "app", "", "UPPER/app"},
    {"xn--n3h.example/app", "xn--n3h.example", "app", "", "xn--n3h.example/app"},
    {"a/b-c.d_e__f---g", "docker.io", "a/b-c.d_e__f---g", "", "a/b-c.d_e__f---g"},
    {"app:_x.Y-9", "docker.io", "library/app", "_x.Y-9", "app:_x.Y-9"},
    {"5000/app", "docker.io", "5000/app", "", "5000/app"},
    {"app:5000", "docker.io", "library/app", "5000", "app:5000"},
};

const std::vector<std::string> kBad = {
    "",
    ":",
    ":tag",
    "/",
    "/app",
    "app/",
    "a//b",
    "App",
    "shop/App",
    "registry.example/",
    "registry.example:/app",
    "registry.example:0/app",
    "registry.example:65536/app",
    "registry.example:999999999999/app",
    "registry.example:5000x/app",
    "-registry.example/app",
    "registry-.example/app",
    "registry..example/app",
    "registry.example./app",
    "reg_istry.example/app",
    "[::1/app",
    "::1]:5000/app",
    "[]:5000/app",
    "[abcd]/app",
    "[::1]x/app",
    "https://registry.example/app",
    "docker.io/",
    "user:password@registry.example/app",
    "user@registry.example/app",
    "app:",
    "app:-x",
    "app:.x",
    "app:a b",
    "app:" + std::string(129, 'a'),
    "app@",
    "app@sha256:",
    "app@sha256:" + std::string(63, 'a'),
    "app@sha256:" + std::string(65, 'a'),
    "app@sha256:" + std::string(64, 'A'),
    "app@sha256:" + std::string(64, 'g'),
    "app@md5:" + std::string(32, 'a'),
    "app@SHA256:" + std::string(64, 'a'),
    "app@" + kSomeDigest + "@" + kSomeDigest,
    "app@" + kSomeDigest + ":tag",
    std::string(64, 'a'),
    "a___b",
    "a..b",
    "a._b",
    "a-_b",
    "_a",
    "a_",
    "-a",
    "a-",
    ".a",
    "a.",
    "..",
    "../app",
    "a/../b",
    "a/./b",
    " app",
    "app ",
    "app\n",
    "app\r\nX-Evil: 1",
    std::string("app\0x", 5),
    "a b",
    "$(id)",
    "app;id",
    "app`id`",
    "app?x=1",
    "app#x",
    "app%2e",
    "\xC3\xA4pp",
    "--privileged",
    "a\\b",
    std::string(256, 'a'),
    "registry.example/" + std::string(239, 'a'),
};

}  // namespace

TEST_CASE("a reference is taken apart and written back") {
  for (const Good& good : kGood) {
    CAPTURE(good.text);
    const Result<Reference> reference = parse_reference(good.text);
    REQUIRE(reference);
    CHECK(reference->registry == good.registry);
    CHECK(reference->path == good.path);
    CHECK(reference->tag == good.tag);
    CHECK(reference->digest.empty());
    CHECK(reference->familiar() == good.familiar);
  }
}

TEST_CASE("both forms of a reference mean the same reference") {
  for (const Good& good : kGood) {
    for (const std::string& digest : {std::string(), "@" + kSomeDigest}) {
      CAPTURE(good.text, digest);
      const Result<Reference> reference = parse_reference(good.text + digest);
      REQUIRE(reference);
      CHECK(*parse_reference(reference->text()) == *reference);
      CHECK(*parse_reference(reference->familiar()) == *reference);
    }
  }
}

TEST_CASE("what is no reference is refused in one printable line") {
  for (const std::string& bad : kBad) {
    CAPTURE(bad);
    const Result<Reference> reference = parse_reference(bad);
    REQUIRE_FALSE(reference);
    CHECK(reference.error().kind == Error::Kind::invalid);
  }
}

TEST_CASE("the longest names and tags that are allowed are taken") {
  const std::string registry = "registry.example/";
  CHECK(parse_reference(registry + std::string(kMaxRepositoryLength - registry.size(), 'a')));
  CHECK(parse_reference("app:" + std::string(kMaxTagLength, 'a')));
}

TEST_CASE("usual mistakes get a hint") {
  CHECK_FALSE(parse_reference("https://registry.example/app").error().hint.empty());
  CHECK_FALSE(parse_reference(std::string(64, 'a')).error().hint.empty());
  CHECK(parse_reference("Shop_App").error().message.find("lower case") != std::string::npos);
}

TEST_CASE("a digest decides over a tag, and replaces it") {
  const Reference both = *parse_reference("registry.example/app:1@" + kSomeDigest);
  CHECK(both.tag == "1");
  CHECK(both.target() == kSomeDigest);
  CHECK(parse_reference("app:1")->target() == "1");
  CHECK(parse_reference("app")->target() == "latest");
  CHECK(parse_reference("registry.example/app:1")->with_digest(kSomeDigest)->text() ==
        "registry.example/app@" + kSomeDigest);
  CHECK(both.with_tag("2")->text() == "registry.example/app:2");
  CHECK_FALSE(both.with_tag("no tag"));
  CHECK_FALSE(both.with_digest("sha256:short"));
}

TEST_CASE("sha512 digests are digests") {
  CHECK(is_digest("sha512:" + std::string(128, '0')));
  CHECK_FALSE(is_digest("sha512:" + std::string(64, '0')));
  CHECK_FALSE(is_digest("sha256"));
}

}  // namespace slipway::images
