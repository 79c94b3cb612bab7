#include "orchestrator/auth/key_file.hpp"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "base/ids.hpp"

using namespace slipway;
using namespace slipway::auth;

namespace {

struct Folder {
  Folder() : path(std::filesystem::temp_directory_path() / ("slipway-key-" + random_hex(6))) {
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

void write(const std::filesystem::path& path, const std::string& text, mode_t mode = 0600) {
  std::ofstream(path) << text;
  ::chmod(path.c_str(), mode);
}

}  // namespace

TEST_CASE("the key file is made once, for its owner alone") {
  const Folder folder;
  const auto path = folder.path / "key";
  const auto made = open_key_file(path);
  REQUIRE(made);
  REQUIRE(made->size() == 1);
  CHECK(made->front().reveal().size() == 32);
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(open_key_file(path)->front().reveal() == made->front().reveal());
}

TEST_CASE("a key file that others may read is refused") {
  const Folder folder;
  const auto path = folder.path / "key";
  REQUIRE(open_key_file(path));
  for (const mode_t mode : {0640, 0604, 0660, 0644, 0601}) {
    ::chmod(path.c_str(), mode);
    CAPTURE(mode);
    const auto opened = open_key_file(path);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().kind == Error::Kind::invalid);
    CHECK(opened.error().hint.find("chmod 600") != std::string::npos);
  }
  ::chmod(path.c_str(), 0400);
  CHECK(open_key_file(path));
}

TEST_CASE("a key file that is a link, empty, or holds anything but keys is refused") {
  const Folder folder;
  const auto path = folder.path / "key";
  const std::string key = random_hex(32);
  for (const std::string& text : {std::string(), std::string("\n"), std::string("abc\n"), key.substr(1) + "\n",
                                  key + "00\n", key + "\nnonsense\n", "x" + key.substr(1)}) {
    write(path, text);
    CAPTURE(text);
    CHECK(open_key_file(path).error().kind == Error::Kind::invalid);
  }
  write(folder.path / "other", key);
  std::filesystem::remove(path);
  std::filesystem::create_symlink(folder.path / "other", path);
  CHECK(open_key_file(path).error().kind == Error::Kind::invalid);
}

TEST_CASE("a key file may hold older keys below the one in use") {
  const Folder folder;
  const auto path = folder.path / "key";
  write(path, std::string(64, '1') + "\n" + std::string(64, '2'));
  const auto keys = open_key_file(path);
  REQUIRE(keys);
  REQUIRE(keys->size() == 2);
  CHECK(keys->at(0).reveal() == std::string(32, '\x11'));
  CHECK(keys->at(1).reveal() == std::string(32, '\x22'));
}
