// Commits from real git servers: over https with a password and a CA of its own, and over ssh with keys.
#include <fstream>
#include <thread>

#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <signal.h>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "orchestrator/checkout/repository.hpp"
#include "tests/support/git_servers.hpp"
#include "tests/support/run_async.hpp"

using namespace slipway;
using namespace slipway::checkout;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

/// One pair of servers for all tests of this file; each test has repositories of its own there.
GitServers& servers() {
  static GitServers running;
  return running;
}

/// What slipwayd has: a folder for git, settings and credentials that fit the servers until a test changes them.
struct Client {
  Client() : settings(folder.path() / "git") {
    settings.ca_file = servers().ca_file();
    settings.known_hosts = servers().known_hosts();
    credentials.username = "robot";
    credentials.password = Secret(servers().password());
    credentials.ssh_key = Secret(servers().ssh_key());
  }
  Repository repository(const std::string& url, const std::string& name = "project-1") {
    const Result<void> prepared = prepare_git(settings);
    REQUIRE(prepared);
    const auto parsed = parse_git_url(url, settings.urls);
    REQUIRE(parsed);
    return {settings, name, *parsed, credentials};
  }
  /// Fetches and exports; the tree.
  fs::path checked_out(const std::string& url, const std::string& commit) {
    Repository mirror = repository(url);
    const auto fetched = run_async(mirror.fetch(commit, "main"));
    INFO((fetched ? "" : fetched.error().message));
    REQUIRE(fetched);
    const fs::path tree = folder.path() / "tree";
    const auto exported = run_async(mirror.export_to(commit, tree));
    INFO((exported ? "" : exported.error().message));
    REQUIRE(exported);
    return tree;
  }
  Error refused(const std::string& url, const std::string& commit) {
    Repository mirror = repository(url);
    const auto fetched = run_async(mirror.fetch(commit, "main"));
    REQUIRE_FALSE(fetched);
    CHECK(fetched.error().message.find(servers().password()) == std::string::npos);
    return fetched.error();
  }

  Folder folder;
  GitSettings settings;
  GitCredentials credentials;
};

std::string address(const std::string& protocol, const std::string& path) {
  return protocol == "ssh" ? servers().ssh(path) : servers().https(path);
}

std::string text_of(const fs::path& file) {
  return read_file(file).value_or("(not there)");
}

std::string added_submodule(const std::string& path, const std::string& url, const std::string& commit) {
  return "printf '[submodule \"" + path + "\"]\\n\\tpath = " + path + "\\n\\turl = " + url +
         "\\n' > .gitmodules; mkdir -p " + path + "; git update-index --add --cacheinfo 160000," + commit + "," + path;
}

/// The command lines of all processes that hold one of the words.
std::vector<std::string> command_lines_with(const std::vector<std::string>& words) {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    const std::string line((std::istreambuf_iterator<char>(file)), {});
    for (const std::string& word : words) {
      if (line.find(word) != std::string::npos) found.push_back(line);
    }
  }
  return found;
}

/// Processes with this folder in their environment: what git started for this client.
std::vector<std::string> commands_of(const fs::path& folder) {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    std::ifstream file(entry.path() / "environ", std::ios::binary);
    const std::string environment((std::istreambuf_iterator<char>(file)), {});
    if (environment.find(folder.string()) == std::string::npos) continue;
    std::ifstream name(entry.path() / "comm");
    std::getline(name, found.emplace_back());
  }
  return found;
}

/// Those of killed processes are there for an instant more.
std::vector<std::string> commands_left_of(const fs::path& folder) {
  const auto until = std::chrono::steady_clock::now() + 3s;
  std::vector<std::string> left = commands_of(folder);
  while (!left.empty() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(20ms);
    left = commands_of(folder);
  }
  return left;
}

/// Waits until the fetch that was started hangs in a process called `name`, then looks.
awaitable<std::vector<std::string>> look_while_it_hangs(fs::path folder, std::string name,
                                                        std::vector<std::string> words) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (int i = 0; i < 550; ++i) {
    const std::vector<std::string> commands = commands_of(folder);
    if (std::find(commands.begin(), commands.end(), name) != commands.end()) break;
    timer.expires_after(10ms);
    co_await timer.async_wait(use_awaitable);
  }
  // By now the request is on its way: what is said to the server has been said.
  timer.expires_after(200ms);
  co_await timer.async_wait(use_awaitable);
  const std::vector<std::string> commands = commands_of(folder);
  CHECK(std::find(commands.begin(), commands.end(), name) != commands.end());
  co_return command_lines_with(words);
}

}  // namespace

TEST_CASE("a commit is fetched one deep, over https with a password and over ssh with a key") {
  const std::string protocol = GENERATE("https", "ssh");
  CAPTURE(protocol);
  static_cast<void>(servers().commit("shop.git", "echo old > old"));
  const std::string id = servers().commit("shop.git", "rm -f old; echo new > new");
  Client client;
  const fs::path tree = client.checked_out(address(protocol, "shop.git"), id);
  CHECK(text_of(tree / "new") == "new\n");
  CHECK_FALSE(fs::exists(tree / "old"));
  const Ran count =
      run_program({"git", "--git-dir", (client.settings.folder / "project-1.git").string(), "rev-list", "--count", id});
  CHECK(count.out == "1\n");
  Repository mirror = client.repository(address(protocol, "shop.git"), "another");
  CHECK(run_async(mirror.resolve("main")).value_or("") == id);
}

TEST_CASE("submodules come by the same server's credentials, and by none from another server") {
  const std::string protocol = GENERATE("https", "ssh");
  CAPTURE(protocol);
  const std::string inner = servers().commit("parts/inner.git", "echo inner > inner");
  const std::string outer =
      servers().commit("parts/outer.git", "echo outer > outer; " + added_submodule("in", "./../inner.git", inner));
  Client client;

  SECTION("relative ones, nested") {
    const std::string id = servers().commit("fleet.git", added_submodule("lib", "../parts/outer.git", outer));
    const fs::path tree = client.checked_out(address(protocol, "fleet.git"), id);
    CHECK(text_of(tree / "lib/outer") == "outer\n");
    CHECK(text_of(tree / "lib/in/inner") == "inner\n");
  }
  SECTION("none that wants credentials for who is not trusted, even when it is there already") {
    const std::string id = servers().commit("forked.git", added_submodule("lib", "../parts/outer.git", outer));
    Repository mirror = client.repository(address(protocol, "forked.git"));
    REQUIRE(run_async(mirror.fetch(id, "main")));
    REQUIRE(run_async(mirror.export_to(id, client.folder.path() / "trusted")));
    const auto strange = run_async(mirror.export_to(id, client.folder.path() / "strange", false));
    REQUIRE_FALSE(strange);
    CHECK(strange.error().kind == Error::Kind::unauthorized);
    CHECK_FALSE(fs::exists(client.folder.path() / "strange"));
  }
  SECTION("one that is open to everybody, at a server over the other protocol") {
    const std::string open = servers().commit("open/lib.git", "echo open > open");
    const std::string id = servers().commit("mixed.git", added_submodule("lib", servers().https("open/lib.git"), open));
    CHECK(text_of(client.checked_out(address(protocol, "mixed.git"), id) / "lib/open") == "open\n");
  }
  SECTION("one that another server gives to nobody without a password") {
    const std::string other =
        protocol == "https" ? servers().ssh("parts/inner.git") : servers().https("parts/inner.git");
    const std::string id = servers().commit("strange.git", added_submodule("lib", other, inner));
    Repository mirror = client.repository(address(protocol, "strange.git"));
    REQUIRE(run_async(mirror.fetch(id, "main")));
    const auto exported = run_async(mirror.export_to(id, client.folder.path() / "tree"));
    REQUIRE_FALSE(exported);
    CHECK(exported.error().kind == Error::Kind::unauthorized);
    CHECK(exported.error().message.find("submodule lib") != std::string::npos);
    CHECK_FALSE(fs::exists(client.folder.path() / "tree"));
  }
}

TEST_CASE("LFS files are in the tree, whatever the repository's .lfsconfig says") {
  const std::string protocol = GENERATE("https", "ssh");
  CAPTURE(protocol);
  const std::string content(300'000, 'L');
  const std::string id = servers().commit(
      "media.git",
      "printf '*.bin filter=lfs diff=lfs merge=lfs -text\\n' > .gitattributes; printf '[lfs]\\n\\turl = "
      "https://192.0.2.1/evil\\n[remote \"origin\"]\\n\\tlfsurl = https://192.0.2.1/evil\\n' > .lfsconfig; printf '%s' "
      "'" +
          servers().lfs_pointer(content) + "' > logo.bin");
  Client client;
  const fs::path tree = client.checked_out(address(protocol, "media.git"), id);
  CHECK(text_of(tree / "logo.bin") == content);
}

TEST_CASE("an LFS object that the server does not have is an error that names it, and leaves no tree") {
  const std::string id =
      servers().commit("lost.git", "printf '*.bin filter=lfs -text\\n' > .gitattributes; printf '%s' '" +
                                       servers().lfs_pointer("lost") + "' > logo.bin");
  fs::remove(servers().folder() / "lfs" / sha256_hex("lost"));
  Client client;
  Repository mirror = client.repository(servers().https("lost.git"));
  REQUIRE(run_async(mirror.fetch(id, "main")));
  const auto exported = run_async(mirror.export_to(id, client.folder.path() / "tree"));
  REQUIRE_FALSE(exported);
  CHECK(exported.error().message.find("logo.bin") != std::string::npos);
  CHECK_FALSE(fs::exists(client.folder.path() / "tree"));
}

TEST_CASE("whoever is not let in is told so, with what to look at") {
  const std::string id = servers().commit("shop.git", "echo x > x");
  Client client;
  Error error{Error::Kind::internal, ""};
  SECTION("a wrong password") {
    client.credentials.password = Secret("wrong");
    error = client.refused(servers().https("shop.git"), id);
    CHECK(error.hint.find("password") != std::string::npos);
  }
  SECTION("no password") {
    client.credentials = {};
    error = client.refused(servers().https("shop.git"), id);
    CHECK(error.hint.find("password") != std::string::npos);
  }
  SECTION("a key that the server does not know") {
    run_program({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", (client.folder.path() / "stranger").string()});
    client.credentials.ssh_key = Secret(read_file(client.folder.path() / "stranger").value());
    error = client.refused(servers().ssh("shop.git"), id);
    CHECK(error.hint.find("ssh key") != std::string::npos);
  }
  SECTION("a host whose key is another than the known one") {
    std::string known = read_file(servers().known_hosts()).value();
    const std::string stranger = read_file(servers().folder() / "client.pub").value();
    client.settings.known_hosts = client.folder.path() / "known_hosts";
    REQUIRE(write_file(client.settings.known_hosts, known.substr(0, known.find(' ') + 1) + stranger));
    error = client.refused(servers().ssh("shop.git"), id);
    CHECK(error.message.find("Host key verification failed") != std::string::npos);
    CHECK(error.hint.find("git.known_hosts") != std::string::npos);
  }
  SECTION("a host that is not among the known ones") {
    client.settings.known_hosts = client.folder.path() / "none";
    REQUIRE(write_file(client.settings.known_hosts, ""));
    error = client.refused(servers().ssh("shop.git"), id);
    CHECK(error.message.find("Host key verification failed") != std::string::npos);
  }
  SECTION("a certificate of a CA that nobody named") {
    client.settings.ca_file.clear();
    error = client.refused(servers().https("shop.git"), id);
    CHECK(error.hint.find("git.ca_file") != std::string::npos);
  }
  CHECK(error.kind == Error::Kind::unauthorized);
}

TEST_CASE("the first key of an ssh host is kept, and from then on no other is taken") {
  const std::string first = servers().commit("shop.git", "echo 1 > x");
  const std::string second = servers().commit("shop.git", "echo 2 > x");
  Client client;
  client.settings.known_hosts.clear();
  Repository mirror = client.repository(servers().ssh("shop.git"));
  REQUIRE(run_async(mirror.fetch(first, "main")));
  const fs::path kept = client.settings.folder / "project-1.known_hosts";
  const std::string line = text_of(kept);
  REQUIRE(line.starts_with("[127.0.0.1]:"));
  const std::string stranger = read_file(servers().folder() / "client.pub").value();
  REQUIRE(write_file(kept, line.substr(0, line.find(' ') + 1) + stranger));
  const auto fetched = run_async(mirror.fetch(second, "main"));
  REQUIRE_FALSE(fetched);
  CHECK(fetched.error().kind == Error::Kind::unauthorized);
}

TEST_CASE("while a fetch hangs no command line has the credentials; at the deadline it ends with all its processes") {
  const bool by_ssh = GENERATE(false, true);
  const std::string url = by_ssh ? servers().ssh("hang/shop.git") : servers().https("hang/shop.git");
  CAPTURE(url);
  Client client;
  client.settings.deadline = 6s;
  Repository mirror = client.repository(url);
  const std::string key = servers().ssh_key();
  const std::string basic = to_base64("robot:" + servers().password());
  const std::vector<std::string> secrets = {servers().password(), basic, key.substr(key.size() / 2, 24)};
  const auto [fetched, seen] =
      run_async([](Repository& r, fs::path folder, std::string process,
                   std::vector<std::string> words) -> awaitable<std::pair<Result<void>, std::vector<std::string>>> {
        auto look = look_while_it_hangs(folder, process, words);
        auto fetch = r.fetch(std::string(40, 'a'), "");
        auto both = all_of(std::move(fetch), std::move(look));
        auto [result, lines] = co_await std::move(both);
        co_return std::pair(std::move(result), std::move(lines));
      }(mirror, client.settings.folder, by_ssh ? "ssh" : "git-remote-http", secrets));
  REQUIRE_FALSE(fetched);
  CHECK(fetched.error().kind == Error::Kind::timeout);
  CHECK(seen == std::vector<std::string>{});
  CHECK(commands_left_of(client.settings.folder) == std::vector<std::string>{});
  for (const auto& entry : fs::directory_iterator(client.settings.folder)) {
    CHECK(entry.path().filename().string().find("key.") == std::string::npos);
  }
}

TEST_CASE("a server that cuts off in the middle of a pack is unavailable, and the next fetch gets the commit") {
  const std::string protocol = GENERATE("https", "ssh");
  CAPTURE(protocol);
  const std::string id = servers().commit("heavy.git", "head -c 300000 /dev/urandom > noise");
  Client client;
  const Error error = client.refused(address(protocol, "cut/heavy.git"), id);
  INFO(error.message);
  CHECK(error.kind == Error::Kind::unavailable);
  Repository mirror = client.repository(address(protocol, "heavy.git"));
  CHECK(run_async(mirror.fetch(id, "main")));
}

TEST_CASE("a redirect does not carry the password to another server") {
  // The other server asks for none, so that a header which came along would be seen with every request.
  const std::string id = servers().commit("open/gone.git", "echo x > x");
  Client client;
  const Error error = client.refused(servers().https("moved/open/gone.git"), id);
  CHECK(error.kind == Error::Kind::invalid);
  CHECK(error.hint.find("redirects") != std::string::npos);
  CHECK(servers().requests_elsewhere().find("password") == std::string::npos);
}

TEST_CASE("without a password a redirect is followed") {
  const std::string id = servers().commit("open/moved.git", "echo x > x");
  Client client;
  client.credentials = {};
  Repository mirror = client.repository(servers().https("moved/open/moved.git"));
  CHECK(run_async(mirror.fetch(id, "main")));
  CHECK(servers().requests_elsewhere().find("/open/moved.git/git-upload-pack none") != std::string::npos);
}

TEST_CASE("keys that a killed daemon left are removed at the next start") {
  Client client;
  REQUIRE(prepare_git(client.settings));
  REQUIRE(write_file(client.settings.folder / "key.0011223344556677", "secret", 0600));
  REQUIRE(prepare_git(client.settings));
  CHECK_FALSE(fs::exists(client.settings.folder / "key.0011223344556677"));
}

TEST_CASE("a CA file that is not there is named") {
  Client client;
  client.settings.ca_file = "/no/such/ca.pem";
  const Result<void> prepared = prepare_git(client.settings);
  REQUIRE_FALSE(prepared);
  CHECK(prepared.error().message.find("/no/such/ca.pem") != std::string::npos);
}
