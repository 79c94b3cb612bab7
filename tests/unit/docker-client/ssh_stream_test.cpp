// A program that is called ssh and says what it was given.
#include "docker-client/ssh_stream.hpp"

#include <cstdlib>
#include <filesystem>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "base/files.hpp"
#include "base/ids.hpp"
#include "tests/support/run_async.hpp"

using namespace slipway;
using namespace slipway::docker;

namespace {

constexpr int inheritable = 200;

/// A folder with a script `ssh` at the front of PATH, a variable and a descriptor that a child would inherit.
class FakeSsh {
 public:
  explicit FakeSsh(const std::string& more = "")
      : folder_(std::filesystem::temp_directory_path() / ("slipway-ssh-" + random_hex(6))), path_(::getenv("PATH")) {
    std::filesystem::create_directories(folder_);
    REQUIRE(write_file(folder_ / "ssh", "#!/bin/sh\nenv\n[ -e /proc/self/fd/" + std::to_string(inheritable) +
                                            " ] && echo inherited\necho \"words=$*\"\n" + more));
    std::filesystem::permissions(folder_ / "ssh", std::filesystem::perms::owner_all);
    ::setenv("PATH", (folder_.string() + ":" + path_).c_str(), 1);
    ::setenv("SLIPWAY_TEST_SECRET", "s3cret", 1);
    ::setenv("SSH_AUTH_SOCK", "/run/agent", 1);
    REQUIRE(::dup2(STDERR_FILENO, inheritable) == inheritable);
  }
  FakeSsh(const FakeSsh&) = delete;
  ~FakeSsh() {
    ::close(inheritable);
    ::unsetenv("SSH_AUTH_SOCK");
    ::unsetenv("SLIPWAY_TEST_SECRET");
    ::setenv("PATH", path_.c_str(), 1);
    std::filesystem::remove_all(folder_);
  }

 private:
  std::filesystem::path folder_;
  std::string path_;
};

awaitable<Result<std::string>> said_by_ssh(Endpoint endpoint) {
  const Executor executor = co_await asio::this_coro::executor;
  auto stream = start_ssh(executor, endpoint, std::chrono::seconds(3));
  if (!stream) co_return fail(stream.error());
  std::string said;
  std::array<char, 4096> piece{};
  for (;;) {
    const auto count = co_await (*stream)->read_some(piece);
    if (!count) co_return fail(count.error());
    if (*count == 0) co_return said;
    said.append(piece.data(), *count);
  }
}

/// What ssh said and, at its end, its last words.
awaitable<Result<std::string>> said_and_last_words(Endpoint endpoint) {
  const Executor executor = co_await asio::this_coro::executor;
  auto stream = start_ssh(executor, endpoint, std::chrono::seconds(3));
  if (!stream) co_return fail(stream.error());
  std::string said;
  std::array<char, 4096> piece{};
  std::size_t size = 1;
  while (size > 0) {
    const auto count = co_await (*stream)->read_some(piece);
    if (!count) co_return fail(count.error());
    size = *count;
    said.append(piece.data(), size);
  }
  co_return said + "|" + (*stream)->last_words();
}

}  // namespace

TEST_CASE("an ssh that complains at length is heard out, and its last words are known") {
  const FakeSsh fake("yes complaint | head -c 1000000 >&2\necho 'goes on'\necho 'no route' >&2\n");
  auto asking = said_and_last_words(*parse_endpoint("ssh://deploy@host.example"));
  const auto said = run_async(with_deadline(std::chrono::seconds(20), std::move(asking), "ssh"));
  REQUIRE(said);
  CHECK_THAT(*said, Catch::EndsWith("goes on\n|no route"));
}

TEST_CASE("ssh gets its agent, but neither the daemon's other variables nor its descriptors") {
  const FakeSsh fake;
  const auto endpoint = parse_endpoint("ssh://deploy@host.example");
  REQUIRE(endpoint);
  const auto said = run_async(said_by_ssh(*endpoint));
  REQUIRE(said);
  CHECK_THAT(*said, Catch::Contains("words=-T ") && Catch::Contains(" docker system dial-stdio\n"));
  CHECK_THAT(*said, Catch::Contains("SSH_AUTH_SOCK=/run/agent\n") && Catch::Contains("PATH="));
  CHECK_THAT(*said, !Catch::Contains("SLIPWAY_TEST_SECRET"));
  CHECK_THAT(*said, !Catch::Contains("inherited"));
}
