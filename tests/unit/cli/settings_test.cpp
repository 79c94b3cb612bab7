#include "cli/settings.hpp"

#include <cstdlib>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "base/files.hpp"
#include "base/ids.hpp"

using namespace slipway;
using namespace slipway::cli;

namespace {

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("slipway-cli-" + random_hex(6));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

Settings two_contexts() {
  Settings settings;
  settings.current = "home";
  settings.contexts["home"] = {"http://home:1", Secret("h"), ""};
  settings.contexts["work"] = {"https://work:2", Secret("w"), "/ca"};
  return settings;
}

}  // namespace

TEST_CASE("settings survive saving, and only their owner can read them") {
  Folder folder;
  const auto path = folder.path / "deep" / "config.json";
  REQUIRE(save_settings(path, two_contexts()));
  struct stat info{};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  const auto loaded = load_settings(path);
  REQUIRE(loaded);
  CHECK(loaded->current == "home");
  CHECK(loaded->contexts.at("work").token.reveal() == "w");
}

TEST_CASE("missing settings are empty and broken ones name their file") {
  Folder folder;
  CHECK(load_settings(folder.path / "none")->contexts.empty());
  REQUIRE(write_file(folder.path / "broken", "{"));
  CHECK(load_settings(folder.path / "broken").error().message.find("broken") != std::string::npos);
}

TEST_CASE("the current context holds until a flag names another") {
  CHECK(resolve({}, two_contexts())->url == "http://home:1");
  Flags flags;
  flags.context = "work";
  CHECK(resolve(flags, two_contexts())->token.reveal() == "w");
  flags.context = "typo";
  CHECK(resolve(flags, two_contexts()).error().kind == Error::Kind::invalid);
}

TEST_CASE("another daemon's address does not get this context's token") {
  Flags flags;
  flags.url = "http://elsewhere:9/";
  const auto context = resolve(flags, two_contexts());
  CHECK(context->url == "http://elsewhere:9");
  CHECK(context->token.empty());
}

TEST_CASE("a token may end with a line break, and holds none nor another control character within") {
  Flags flags;
  for (const char* ended : {"slw_x\n", "slw_x\r\n"}) {
    ::setenv("SLIPWAY_TOKEN", ended, 1);
    CHECK(resolve({}, two_contexts())->token.reveal() == "slw_x");
  }
  ::setenv("SLIPWAY_TOKEN", "slw_x\r\nX-Evil: 1", 1);
  CHECK(resolve({}, two_contexts()).error().message == "SLIPWAY_TOKEN has a line break in it");
  ::unsetenv("SLIPWAY_TOKEN");
  flags.token = "slw_\x1b";
  CHECK(resolve(flags, two_contexts()).error().message == "--token has a control character in it");
}

TEST_CASE("the environment overrides the context, and a flag the environment") {
  ::setenv("SLIPWAY_URL", "http://env:3", 1);
  CHECK(resolve({}, two_contexts())->url == "http://env:3");
  Flags flags;
  flags.url = "http://flag:4";
  CHECK(resolve(flags, two_contexts())->url == "http://flag:4");
  ::unsetenv("SLIPWAY_URL");
}
