#include "orchestrator/daemon/registry_access.hpp"

#include <cstdlib>
#include <filesystem>

#include <catch2/catch.hpp>

#include "base/files.hpp"
#include "base/ids.hpp"
#include "tests/support/run_async.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace fs = std::filesystem;

namespace {

/// A variable of this process for as long as the object is there.
class Variable {
 public:
  Variable(std::string name, const std::string& value) : name_(std::move(name)) {
    const char* before = std::getenv(name_.c_str());
    had_ = before != nullptr;
    if (had_) before_ = before;
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  ~Variable() { had_ ? ::setenv(name_.c_str(), before_.c_str(), 1) : ::unsetenv(name_.c_str()); }

 private:
  std::string name_, before_;
  bool had_ = false;
};

/// A user's ~/.docker with the credential helper `docker-credential-cloud`.
class DockerHome {
 public:
  DockerHome() : path_(fs::temp_directory_path() / ("slipway-docker-" + random_hex(6))) {
    fs::create_directories(path_);
    REQUIRE(write_file(path_ / "config.json", R"({"credsStore": "cloud"})"));
  }
  DockerHome(const DockerHome&) = delete;
  ~DockerHome() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  void helper(const std::string& script) const {
    REQUIRE(write_file(path_ / "docker-credential-cloud", "#!/bin/sh\n" + script, 0755));
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("a credential helper gets the daemon's environment, but nothing of slipway's own") {
  const DockerHome home;
  home.helper(R"(printf '{"Username": "%s", "Secret": "%s"}' "$AWS_PROFILE $DOCKER_CONFIG" "($SLIPWAY_TOKEN)$HOME")");
  const Variable config("DOCKER_CONFIG", home.path().string());
  const Variable path("PATH", home.path().string() + ":" + std::getenv("PATH"));
  const Variable profile("AWS_PROFILE", "builds=1");
  const Variable token("SLIPWAY_TOKEN", "slw_secret");
  const Variable user("HOME", "/home/ci");
  const auto credentials = load_credentials(Settings());
  REQUIRE(credentials);
  const auto auth = run_async(credentials->for_registry("registry.example"));
  INFO((auth ? std::string() : auth.error().message));
  REQUIRE(auth);
  CHECK(auth->username == "builds=1 " + home.path().string());
  CHECK(auth->password.reveal() == "()/home/ci");
}
