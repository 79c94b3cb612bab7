#include "orchestrator/daemon/command_line.hpp"

#include <cstdlib>

#include <catch2/catch.hpp>

#include "base/files.hpp"
#include "base/ids.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace {

Result<CommandLine> read(std::vector<std::string> words) {
  words.insert(words.begin(), "slipwayd");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  return read_command_line(static_cast<int>(arguments.size()), arguments.data());
}

}  // namespace

TEST_CASE("a flag wins over the environment, that over the file") {
  const auto path = std::filesystem::temp_directory_path() / ("slipwayd-" + random_hex(6) + ".yml");
  REQUIRE(write_file(path, "listen: 127.0.0.1:1111\nengine: unix:///file.sock\n"));
  ::setenv("SLIPWAY_LISTEN", "127.0.0.1:2222", 1);
  const auto from_environment = read({"--config", path.string()});
  const auto from_flag = read({"--config", path.string(), "--listen", "127.0.0.1:3333"});
  ::unsetenv("SLIPWAY_LISTEN");
  const auto from_file = read({"--config", path.string()});
  std::filesystem::remove(path);
  REQUIRE(from_file);
  CHECK(from_file->settings.port() == 1111);
  CHECK(from_file->settings.engine.text() == "unix:///file.sock");
  CHECK(from_file->settings.public_url == "http://127.0.0.1:1111");
  CHECK(from_environment->settings.port() == 2222);
  CHECK(from_flag->settings.port() == 3333);
}

TEST_CASE("a public URL loses the slashes at its end, wherever it was said") {
  const auto path = std::filesystem::temp_directory_path() / ("slipwayd-" + random_hex(6) + ".yml");
  REQUIRE(write_file(path, "public_url: https://file.example/\n"));
  const auto from_file = read({"--config", path.string()});
  const auto from_flag = read({"--config", path.string(), "--public-url", "https://flag.example/ci//"});
  ::setenv("SLIPWAY_PUBLIC_URL", "https://environment.example/", 1);
  const auto from_environment = read({"--config", path.string()});
  ::unsetenv("SLIPWAY_PUBLIC_URL");
  std::filesystem::remove(path);
  REQUIRE(from_file);
  CHECK(from_file->settings.public_url == "https://file.example");
  CHECK(from_flag->settings.public_url == "https://flag.example/ci");
  CHECK(from_environment->settings.public_url == "https://environment.example");
}

TEST_CASE("what to do is told from the arguments") {
  CHECK(read({})->task == CommandLine::Task::serve);
  CHECK(read({"--check-config"})->task == CommandLine::Task::check_settings);
  CHECK(read({"healthcheck"})->task == CommandLine::Task::check_health);
  CHECK(read({"token"})->task == CommandLine::Task::make_token);
  const auto token = read({"token", "my own", "--data", "/srv/slipway"});
  REQUIRE(token);
  CHECK(token->token_name == "my own");
  CHECK(token->settings.data == "/srv/slipway");
}

TEST_CASE("the file may have the engine with TLS, which --check-config tries, and a flag is instead of all of it") {
  const auto path = std::filesystem::temp_directory_path() / ("slipwayd-" + random_hex(6) + ".yml");
  const auto file_with = [&](const std::string& key) {
    REQUIRE(
        write_file(path, "engine: {endpoint: \"tcp://build1\", ca: /etc/passwd, cert: /etc/group, key: " + key + "}"));
  };
  file_with("/etc/hosts");
  const auto good = read({"--config", path.string(), "--check-config"});
  REQUIRE(good);
  CHECK(good->task == CommandLine::Task::check_settings);
  CHECK(good->settings.engine.text() == "tcp://build1:2376");
  CHECK(good->settings.engine.tls.key == "/etc/hosts");
  const auto from_flag = read({"--config", path.string(), "--engine", "unix:///flag.sock"});
  REQUIRE(from_flag);
  CHECK(from_flag->settings.engine.text() == "unix:///flag.sock");
  CHECK(from_flag->settings.engine.tls.empty());
  file_with("/no/such/key");
  CHECK(read({"--config", path.string(), "--check-config"}).error().message == "engine: /no/such/key can't be read");
  std::filesystem::remove(path);
}

TEST_CASE("a flag that does not exist and a settings file that is missing are errors") {
  CHECK_FALSE(read({"--lisen", "x"}));
  CHECK(read({"--config", "/no/such/file"}).error().message.find("/no/such/file") != std::string::npos);
}
