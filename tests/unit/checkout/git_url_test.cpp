#include "orchestrator/checkout/git_url.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::checkout;

namespace {

constexpr UrlPolicy kStrict{false, false};
constexpr UrlPolicy kOpen{true, true};

}  // namespace

TEST_CASE("clone URLs of the usual forms are taken and written out without the scp form") {
  struct Case {
    std::string given;
    std::string text;
    std::string origin;
  };
  const auto c = GENERATE(values<Case>({
      {"https://forge.example/team/shop.git", "https://forge.example/team/shop.git", "https://forge.example/"},
      {"https://forge.example:8443/shop", "https://forge.example:8443/shop", "https://forge.example:8443/"},
      {"https://[2001:db8::1]:8443/shop", "https://[2001:db8::1]:8443/shop", "https://[2001:db8::1]:8443/"},
      {"ssh://git@forge.example:2222/shop.git", "ssh://git@forge.example:2222/shop.git", "ssh://forge.example:2222/"},
      {"ssh://forge.example/shop.git", "ssh://forge.example/shop.git", "ssh://forge.example/"},
      {"git@forge.example:team/shop.git", "ssh://git@forge.example/~/team/shop.git", "ssh://forge.example/"},
      {"git@forge.example:/srv/shop.git", "ssh://git@forge.example/srv/shop.git", "ssh://forge.example/"},
      {"http://127.0.0.1:3000/shop.git", "http://127.0.0.1:3000/shop.git", "http://127.0.0.1:3000/"},
      {"http://localhost/shop.git", "http://localhost/shop.git", "http://localhost/"},
      {"https://forge.example/a%20b.git", "https://forge.example/a%20b.git", "https://forge.example/"},
  }));
  CAPTURE(c.given);
  const Result<GitUrl> url = parse_git_url(c.given, kStrict);
  REQUIRE(url);
  CHECK(url->text() == c.text);
  CHECK(url->origin() == c.origin);
}

TEST_CASE("a local path needs the setting that allows it") {
  for (const std::string text : {"/srv/git/shop.git", "file:///srv/git/shop.git"}) {
    const Result<GitUrl> refused = parse_git_url(text, kStrict);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == Error::Kind::forbidden);
    const Result<GitUrl> url = parse_git_url(text, kOpen);
    REQUIRE(url);
    CHECK(url->text() == "/srv/git/shop.git");
    CHECK(url->origin().empty());
  }
}

TEST_CASE("plain http to another machine needs the setting that allows it") {
  for (const std::string host : {"forge.example", "10.0.0.1", "127.0.0.1.evil.example", "localhost.evil.example"}) {
    const Result<GitUrl> refused = parse_git_url("http://" + host + "/shop", kStrict);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == Error::Kind::forbidden);
    CHECK(parse_git_url("http://" + host + "/shop", kOpen).has_value());
  }
}

TEST_CASE("hostile clone URLs are refused under every policy") {
  const std::string text = GENERATE(values<std::string>({
      "",
      "-",
      "--upload-pack=touch /tmp/x",
      "-oProxyCommand=id",
      "ext::sh -c id",
      "ext::id",
      "fd::17/foo",
      "transport::address",
      "https::https://forge.example/x",
      "git://forge.example/x",
      "ftp://forge.example/x",
      "rsync://forge.example/x",
      "javascript://forge.example/x",
      "HTTPS://forge.example/x",
      "git+ssh://forge.example/x",
      "https://",
      "https:///x",
      "https://forge.example",
      "https://forge.example/",
      "https://user@forge.example/x",
      "https://user:password@forge.example/x",
      "https://token@forge.example:8443/x",
      "http://user@127.0.0.1/x",
      "https://-oProxyCommand=id/x",
      "ssh://-oProxyCommand=id/x",
      "ssh://git@-oProxyCommand=id/x",
      "ssh://-oProxyCommand=id@forge.example/x",
      "ssh://git:password@forge.example/x",
      "ssh://@forge.example/x",
      "git@-oProxyCommand=id:x",
      "-git@forge.example:x",
      "git@forge.example:-oProxyCommand=id",
      "git@forge.example:team/--upload-pack=id",
      "git@forge.example:",
      "git@forge.example:../../etc",
      "forge.example:x",
      "https://forge.example/--upload-pack=id",
      "https://forge.example/a/../../etc/passwd",
      "https://forge.example/a\nb",
      "https://forge.example/a\r\nHost: other",
      "https://forge.example/a%0ab",
      "https://forge.example/a%0D%0Ab",
      "https://forge.example/a%00b",
      "https://forge.example/a%7f",
      "https://forge.example/a%zz",
      "https://forge.example/a%",
      "https://forge.example/a b",
      "https://forge.example/a\\b",
      "https://forge.example/a?ref=x",
      "https://forge.example/a#x",
      "https://forge.example/$(id)",
      "https://forge.example/`id`",
      "https://forge.example/a;id",
      "https://forge.example/a|id",
      "https://forge.example:0/x",
      "https://forge.example:65536/x",
      "https://forge.example:port/x",
      "https://forge.example:/x",
      "https://forge_\xc3\xa9.example/x",
      "https://[::1/x",
      "https://[]/x",
      "https://[::1]evil.example/x",
      "file://host/x",
      "file://",
      "file:///",
      "file:///a/../b",
      "relative/path",
      "./x",
      "../x",
      "~/x",
      "/",
      "/srv/../etc",
      "/srv/-x",
      "/srv/a\tb",
      "C:\\repositories\\x",
  }));
  CAPTURE(text);
  const Result<GitUrl> url = parse_git_url(text, kOpen);
  REQUIRE_FALSE(url);
  CHECK(url.error().kind == Error::Kind::invalid);
}

TEST_CASE("a clone URL of over 2048 bytes is refused") {
  CHECK_FALSE(parse_git_url("https://forge.example/" + std::string(2048, 'a'), kOpen));
}

TEST_CASE("an error about a URL does not repeat the password in it") {
  const Result<GitUrl> url = parse_git_url("https://user:hunter2@forge.example/x", kOpen);
  REQUIRE_FALSE(url);
  CHECK(url.error().message.find("hunter2") == std::string::npos);
}

TEST_CASE("a submodule's relative URL is resolved against its parent and stays on its server") {
  const GitUrl parent = *parse_git_url("https://forge.example/team/shop.git", kStrict);
  const auto resolved = [&](std::string_view text) {
    const Result<GitUrl> url = resolve_submodule_url(parent, text, kStrict);
    return url ? url->text() : std::string("refused");
  };
  CHECK(resolved("../lib.git") == "https://forge.example/team/lib.git");
  CHECK(resolved("../../other/lib.git") == "https://forge.example/other/lib.git");
  CHECK(resolved("./sub.git") == "https://forge.example/team/shop.git/sub.git");
  CHECK(resolved("../../../evil.example/lib.git") == "refused");
  CHECK(resolved("../../../../../lib.git") == "refused");
  CHECK(resolved("https://other.example/lib.git") == "https://other.example/lib.git");
  CHECK(resolved("/etc/lib.git") == "refused");
  CHECK(resolved("ext::sh -c id") == "refused");
  CHECK(resolved("-u/x") == "refused");
  CHECK(resolved("http://169.254.169.254/latest") == "refused");
  for (const char* here : {"http://127.0.0.1:9000/x", "http://localhost/x", "https://[::1]/x", "ssh://git@127.1/x"}) {
    CAPTURE(here);
    CHECK(resolved(here) == "refused");
  }
  CHECK(resolve_submodule_url(parent, "/srv/git/lib.git", kOpen).error().kind == Error::Kind::forbidden);
  const GitUrl here = *parse_git_url("http://127.0.0.1:3000/team/shop.git", kStrict);
  CHECK(resolve_submodule_url(here, "http://127.0.0.1:3000/team/lib.git", kStrict));
  const GitUrl path = *parse_git_url("/srv/git/shop.git", kOpen);
  CHECK(resolve_submodule_url(path, "/srv/git/lib.git", kOpen));
}

TEST_CASE("commit ids are 40 or 64 lower-case hex digits") {
  CHECK(is_commit_id("0123456789abcdef0123456789abcdef01234567"));
  CHECK(is_commit_id(std::string(64, 'a')));
  for (const std::string text :
       {"", "HEAD", "0123456789ABCDEF0123456789abcdef01234567", "--all", "0123456789abcdef0123456789abcdef0123456",
        "0000000000000000000000000000000000000000"}) {
    CHECK_FALSE(is_commit_id(text));
  }
}

TEST_CASE("ref names follow git's own rules and are no options") {
  for (const std::string text : {"main", "refs/heads/main", "release/1.2", "v1.0", "feature/\xc3\xbc"}) {
    CHECK(is_ref_name(text));
  }
  for (const std::string text : {"",        "-x",   "--upload-pack=id",
                                 "a..b",    "a b",  "a:b",
                                 "+main:x", "a^",   "a~1",
                                 "a?",      "a*",   "a[b",
                                 "a\\b",    "@",    "a@{1}",
                                 "/a",      "a/",   "a//b",
                                 ".a",      "a/.b", "a.lock",
                                 "a.",      "a\nb", "a/-b"}) {
    CAPTURE(text);
    CHECK_FALSE(is_ref_name(text));
  }
}

TEST_CASE("paths in a repository stay inside it") {
  for (const std::string text : {"slipway.yml", "ci/slipway.yml", "a b", "..a", ".github/x"}) CHECK(is_tree_path(text));
  for (const std::string text :
       {"", "/etc/passwd", "../x", "a/../../b", "./a", "a//b", "a/", ".git/config", "a:b", "a\nb"}) {
    CAPTURE(text);
    CHECK_FALSE(is_tree_path(text));
  }
}
