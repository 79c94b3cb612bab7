#include "orchestrator/checkout/repository.hpp"

#include <fstream>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <stdlib.h>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "orchestrator/checkout/mirrors.hpp"
#include "tests/support/run_async.hpp"

using namespace slipway;
using namespace slipway::checkout;
namespace fs = std::filesystem;
using asio::ip::tcp;

namespace {

/// A folder with a repository `source` made by the real git, and what a Repository needs to mirror it.
class Workshop {
 public:
  Workshop() : root_(make_folder()), settings(root_ / "git") {
    settings.urls = {true, false};
    REQUIRE(prepare_git(settings));
    shell(
        "git init -q -b main source && cd source && git config user.email dev@example.org && git config user.name Dev");
  }
  ~Workshop() { fs::remove_all(root_); }
  Workshop(const Workshop&) = delete;

  /// The output of a shell script run in the folder, without its last newline.
  std::string shell(const std::string& script) {
    ProcessSpec spec("sh", {"-ec", script});
    spec.directory = root_;
    spec.environment = {{"GIT_CONFIG_GLOBAL", "/dev/null"}};
    const auto outcome = run_async(run_process(std::move(spec)));
    REQUIRE(outcome);
    INFO(outcome->errors);
    REQUIRE(outcome->exit_code == 0);
    return outcome->output.substr(0, outcome->output.find_last_not_of('\n') + 1);
  }
  std::string commit(const std::string& script) {
    return shell("cd source; " + script + "; git add -A; git commit -qm 'Change it\n\nbecause.'; git rev-parse HEAD");
  }
  Repository repository(const std::string& name = "project-1") {
    return Repository(settings, name, *parse_git_url((root_ / "source").string(), settings.urls), {});
  }
  fs::path root() const { return root_; }

 private:
  static fs::path make_folder() {
    std::string name = (fs::temp_directory_path() / "slipway-checkout-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()));
    return name;
  }
  fs::path root_;

 public:
  GitSettings settings;
};

GitUrl server_url(const tcp::acceptor& server) {
  return *parse_git_url("http://127.0.0.1:" + std::to_string(server.local_endpoint().port()) + "/shop.git", {});
}

/// Takes one HTTP request and answers 401.
awaitable<void> refuse_one(tcp::acceptor& acceptor, std::string& request) {
  tcp::socket client = co_await acceptor.async_accept(use_awaitable);
  co_await asio::async_read_until(client, asio::dynamic_buffer(request), "\r\n\r\n", use_awaitable);
  const std::string answer = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  co_await asio::async_write(client, asio::buffer(answer), use_awaitable);
}

/// A git server that answers whatever it is asked with one error of its own.
awaitable<void> answer_all(tcp::acceptor& acceptor, std::string error, int& asked) {
  const std::string line = "ERR " + error;
  std::string body = "001e# service=git-upload-pack\n0000";
  constexpr char hex[] = "0123456789abcdef";
  const std::size_t size = line.size() + 4;
  body += {'0', hex[size >> 8 & 15], hex[size >> 4 & 15], hex[size & 15]};
  body += line;
  const std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\nConnection: close\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  for (;;) {
    tcp::socket client = co_await acceptor.async_accept(use_awaitable);
    std::string request;
    co_await asio::async_read_until(client, asio::dynamic_buffer(request), "\r\n\r\n", use_awaitable);
    ++asked;
    co_await asio::async_write(client, asio::buffer(answer), use_awaitable);
  }
}

/// A fetch from such a server.
Result<void> fetch_from_liar(const GitSettings& settings, std::string error, int& asked) {
  return run_async([](const GitSettings& with, std::string said, int& count) -> awaitable<Result<void>> {
    tcp::acceptor acceptor(co_await asio::this_coro::executor, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    Repository repository(with, "project-1", server_url(acceptor), {});
    auto race = first_of(repository.fetch(std::string(40, 'a'), ""), answer_all(acceptor, std::move(said), count));
    auto ended = co_await std::move(race);
    co_return std::move(std::get<0>(ended));
  }(settings, std::move(error), asked));
}

/// Makes the submodule `lib` of the commit to come point to that one of the repository `lib` beside `source`.
std::string with_lib_at(const std::string& commit) {
  return "printf '[submodule \"lib\"]\\n\\tpath = lib\\n\\turl = ../lib\\n' > .gitmodules; mkdir -p lib; "
         "git update-index --add --cacheinfo 160000," +
         commit + ",lib";
}

awaitable<Result<void>> export_both(Repository& repository, std::string a, std::string b, fs::path folder) {
  auto both = all_of(repository.export_to(a, folder / a), repository.export_to(b, folder / b));
  auto [x, y] = co_await std::move(both);
  co_return x ? y : x;
}

}  // namespace

TEST_CASE("what was fetched ahead is read once without git, and then as ever") {
  Workshop shop;
  const std::string id = shop.commit("echo 'jobs: {}' > slipway.yml; echo other > other.yml");
  Repository repository = shop.repository();
  REQUIRE(run_async(repository.fetch_ahead(id, "", "slipway.yml")));
  REQUIRE(run_async(repository.fetch(id, "")));
  CHECK(run_async(repository.read(id, "other.yml"))->text == "other\n");
  fs::rename(shop.root() / "git/project-1.git/objects", shop.root() / "away");
  const auto file = run_async(repository.read(id, "slipway.yml"));
  REQUIRE(file);
  CHECK(file->text == "jobs: {}\n");
  CHECK(file->commit.subject == "Change it");
  CHECK_FALSE(run_async(repository.read(id, "slipway.yml")));
}

TEST_CASE("a commit that can't be fetched ahead is left to who needs it") {
  Workshop shop;
  const std::string id = shop.commit("echo 'jobs: {}' > slipway.yml");
  Repository repository = shop.repository();
  CHECK_FALSE(run_async(repository.fetch_ahead(std::string(40, '1'), "", "slipway.yml")));
  CHECK_FALSE(run_async(repository.fetch_ahead(id, "", "missing.yml")));
  CHECK_FALSE(run_async(repository.fetch_ahead(id, "-leading", "slipway.yml")));
  REQUIRE(run_async(repository.fetch(id, "")));
  CHECK(run_async(repository.read(id, "slipway.yml"))->text == "jobs: {}\n");
}

TEST_CASE("a commit is fetched alone and its pipeline file read without a checkout") {
  Workshop shop;
  shop.commit("echo old > slipway.yml");
  const std::string id = shop.commit("echo 'jobs: {}' > slipway.yml");
  Repository repository = shop.repository();
  REQUIRE(run_async(repository.fetch(id, "")));
  const auto file = run_async(repository.read(id, "slipway.yml"));
  REQUIRE(file);
  CHECK(file->text == "jobs: {}\n");
  CHECK(file->commit.author == "Dev <dev@example.org>");
  CHECK(file->commit.subject == "Change it");
  CHECK(file->commit.message == "Change it\n\nbecause.\n");
  CHECK(file->commit.committed_at > Time(std::chrono::hours(24 * 365 * 50)));
  CHECK(shop.shell("git --git-dir git/project-1.git rev-list --count " + id) == "1");
}

TEST_CASE("by an annotated tag's own object its commit is read, and one of something else is no commit") {
  Workshop shop;
  const std::string id = shop.commit("echo 'jobs: {}' > slipway.yml");
  const std::string tag = shop.shell("cd source; git tag -a -m note v1; git rev-parse v1");
  const std::string of_tree = shop.shell("cd source; git tag -a -m note tree 'HEAD^{tree}'; git rev-parse tree");
  REQUIRE(tag != id);
  Repository repository = shop.repository();
  REQUIRE(run_async(repository.fetch(tag, "refs/tags/v1")));
  const auto file = run_async(repository.read(tag, "slipway.yml"));
  REQUIRE(file);
  CHECK(file->text == "jobs: {}\n");
  CHECK(file->commit.id == id);
  CHECK(file->commit.author == "Dev <dev@example.org>");
  CHECK(file->commit.subject == "Change it");
  REQUIRE(run_async(repository.ensure(id, "refs/tags/v1")));
  CHECK(run_async(repository.read(id, "slipway.yml"))->commit.id == id);
  REQUIRE(run_async(repository.fetch(of_tree, "refs/tags/tree")));
  const auto none = run_async(repository.read(of_tree, "slipway.yml"));
  REQUIRE_FALSE(none);
  CHECK(none.error().kind == Error::Kind::not_found);
  CHECK_THAT(none.error().message, Catch::Contains("no commit"));
}

TEST_CASE("a file that is not in the commit, a folder, or one over 1 MiB is a clear error") {
  Workshop shop;
  const std::string id = shop.commit("mkdir folder; echo x > folder/x; head -c 1100000 /dev/zero > big.yml");
  Repository repository = shop.repository();
  REQUIRE(run_async(repository.fetch(id, "")));
  CHECK(run_async(repository.read(id, "slipway.yml")).error().kind == Error::Kind::not_found);
  CHECK(run_async(repository.read(id, "folder")).error().kind == Error::Kind::invalid);
  CHECK(run_async(repository.read(id, "big.yml")).error().kind == Error::Kind::too_large);
  CHECK(run_async(repository.read(id, "../../etc/passwd")).error().kind == Error::Kind::invalid);
  CHECK(run_async(repository.read("--batch-all-objects", "x")).error().kind == Error::Kind::invalid);
}

TEST_CASE("a commit the remote does not have is not found") {
  Workshop shop;
  shop.commit("echo x > x");
  Repository repository = shop.repository();
  const auto fetched = run_async(repository.fetch(std::string(40, 'a'), "main"));
  REQUIRE_FALSE(fetched);
  CHECK(fetched.error().kind == Error::Kind::not_found);
  // Nor is what was looked through for it kept.
  CHECK(shop.shell("git --git-dir git/project-1.git for-each-ref").empty());
}

TEST_CASE("of a server that serves no single commits the ref is fetched, and the commit alone is kept") {
  Workshop shop;
  const std::string id = shop.commit("echo old > x");
  const std::string tip = shop.commit("echo new > x");
  // Before its second version git's protocol has no way to ask for other commits than the tips.
  const fs::path configuration = shop.settings.folder / "gitconfig";
  REQUIRE(write_file(configuration, *read_file(configuration) + "[protocol]\n\tversion = 0\n"));
  Repository repository = shop.repository();
  CHECK(run_async(repository.fetch(id, "")).error().kind == Error::Kind::not_found);
  const auto fetched = run_async(repository.fetch(id, "main"));
  INFO((fetched ? "" : fetched.error().message));
  REQUIRE(fetched);
  CHECK(run_async(repository.read(id, "x"))->text == "old\n");
  CHECK(shop.shell("git --git-dir git/project-1.git for-each-ref --format='%(refname)'") == "refs/slipway/" + id);
}

TEST_CASE("a remote that is not there is an error that says so") {
  Workshop shop;
  Repository repository(shop.settings, "gone", *parse_git_url("/no/such/repository", shop.settings.urls), {});
  const auto fetched = run_async(repository.fetch(std::string(40, 'a'), ""));
  REQUIRE_FALSE(fetched);
  CHECK(fetched.error().kind == Error::Kind::not_found);
  CHECK(fetched.error().message.find("/no/such/repository") != std::string::npos);
}

TEST_CASE("the changed paths of two commits are listed, renames as both names") {
  Workshop shop;
  const std::string base = shop.commit("mkdir src; echo a > src/a; echo b > b; echo same > same");
  const std::string head = shop.commit("mv src/a src/c; echo 2 > b; printf x > 'with space'");
  Repository repository = shop.repository();
  REQUIRE(run_async(repository.fetch(head, "")));
  const auto paths = run_async(repository.changed_paths(base, head));
  REQUIRE(paths);
  CHECK(*paths == std::vector<std::string>{"b", "src/a", "src/c", "with space"});
}

TEST_CASE("a branch and an annotated tag resolve to a commit") {
  Workshop shop;
  const std::string id = shop.commit("echo x > x");
  shop.shell("cd source && git tag -a -m note v1 && git branch v1x");
  Repository repository = shop.repository();
  CHECK(*run_async(repository.resolve("main")) == id);
  CHECK(*run_async(repository.resolve("v1")) == id);
  CHECK(*run_async(repository.resolve("refs/tags/v1")) == id);
  CHECK(run_async(repository.resolve("nothing")).error().kind == Error::Kind::not_found);
  CHECK(run_async(repository.resolve("--heads")).error().kind == Error::Kind::invalid);
}

TEST_CASE("an exported tree has files, modes and links, and no .git") {
  Workshop shop;
  const std::string id = shop.commit(
      "mkdir -p a/b; echo hi > a/b/file; printf '#!/bin/sh\n' > run.sh; chmod +x run.sh; ln -s a/b/file link;"
      "echo 'secret.txt export-ignore' > .gitattributes; echo kept > secret.txt");
  Repository repository = shop.repository();
  REQUIRE(run_async(repository.fetch(id, "")));
  const fs::path folder = shop.root() / "work" / "7";
  REQUIRE(run_async(repository.export_to(id, folder)));
  CHECK(*read_file(folder / "a/b/file") == "hi\n");
  CHECK(*read_file(folder / "secret.txt") == "kept\n");
  CHECK(fs::read_symlink(folder / "link") == "a/b/file");
  CHECK((fs::status(folder / "run.sh").permissions() & fs::perms::owner_exec) != fs::perms::none);
  CHECK_FALSE(fs::exists(folder / ".git"));
  CHECK(run_async(repository.export_to(id, folder)).error().kind == Error::Kind::conflict);
}

TEST_CASE("an empty tree exports as an empty folder") {
  Workshop shop;
  const std::string id = shop.shell("cd source; git commit -q --allow-empty -m none; git rev-parse HEAD");
  Repository repository = shop.repository();
  REQUIRE(run_async(repository.fetch(id, "")));
  REQUIRE(run_async(repository.export_to(id, shop.root() / "work")));
  CHECK(fs::is_empty(shop.root() / "work"));
}

TEST_CASE("submodules come with the tree, nested ones too") {
  Workshop shop;
  shop.shell(
      "for name in inner outer; do git init -q -b main $name; git -C $name config user.email d@e; git -C $name config "
      "user.name D; echo $name > $name/$name.txt; done;"
      "(cd inner; git add -A; git commit -qm i); export GIT_ALLOW_PROTOCOL=file;"
      "(cd outer; git submodule --quiet add ../inner in; git add -A; git commit -qm o)");
  const std::string id = shop.commit("export GIT_ALLOW_PROTOCOL=file; git submodule --quiet add ../outer lib/out");
  Repository repository = shop.repository();
  REQUIRE(run_async(repository.fetch(id, "")));
  const auto exported = run_async(repository.export_to(id, shop.root() / "work"));
  INFO((exported ? "" : exported.error().message));
  REQUIRE(exported);
  CHECK(*read_file(shop.root() / "work/lib/out/outer.txt") == "outer\n");
  CHECK(*read_file(shop.root() / "work/lib/out/in/inner.txt") == "inner\n");
}

TEST_CASE("a submodule whose URL breaks the policy stops the export and leaves nothing behind") {
  const std::string url = GENERATE("ext::sh -c 'touch /tmp/pwned'", "-u./payload", "http://169.254.169.254/x",
                                   "https://user:password@forge.example/x", "git://forge.example/x");
  Workshop shop;
  const std::string id = shop.commit("printf '[submodule \"x\"]\\n\\tpath = lib\\n\\turl = \"" + url +
                                     "\"\\n' > .gitmodules; git update-index --add --cacheinfo 160000," +
                                     std::string(40, 'b') + ",lib; mkdir lib");
  Repository repository = shop.repository();
  const auto fetched = run_async(repository.fetch(id, ""));
  // Some of these git's own check of objects refuses already.
  const auto exported = fetched ? run_async(repository.export_to(id, shop.root() / "work")) : fetched;
  REQUIRE_FALSE(exported);
  CHECK_FALSE(fs::exists(shop.root() / "work"));
}

TEST_CASE("LFS files of a repository on this machine are its own, whatever its .lfsconfig says") {
  Workshop shop;
  const std::string id = shop.commit(
      "printf '*.bin filter=lfs -text\n' > .gitattributes; printf '[lfs]\n\turl = file://%s/other\n' \"$(dirname "
      "\"$PWD\")\" > .lfsconfig; oid=$(printf secret | sha256sum | cut -c-64); "
      "printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 6\n' $oid > logo.bin; git init -q "
      "../other; "
      "objects=../other/.git/lfs/objects/$(echo $oid | cut -c-2)/$(echo $oid | cut -c3-4); mkdir -p $objects; "
      "printf secret > $objects/$oid");
  Repository repository = shop.repository();
  REQUIRE(run_async(repository.fetch(id, "")));
  const auto foreign = run_async(repository.export_to(id, shop.root() / "foreign"));
  REQUIRE_FALSE(foreign);
  CHECK_THAT(foreign.error().message, Catch::Contains("logo.bin"));
  shop.shell("mkdir -p source/.git/lfs; cp -r other/.git/lfs/objects source/.git/lfs/");
  REQUIRE(run_async(repository.export_to(id, shop.root() / "own")));
  CHECK(*read_file(shop.root() / "own/logo.bin") == "secret");
}

TEST_CASE("a file of LFS that was removed from the mirror since it was old is fetched again when it is needed") {
  Workshop shop;
  const std::string id = shop.commit(
      "printf '*.bin filter=lfs -text\n' > .gitattributes; oid=$(printf pixels | sha256sum | cut -c-64); "
      "printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 6\n' $oid > logo.bin; "
      "objects=.git/lfs/objects/$(echo $oid | cut -c-2)/$(echo $oid | cut -c3-4); mkdir -p $objects; "
      "printf pixels > $objects/$oid");
  Repository repository = shop.repository();
  REQUIRE(run_async(repository.fetch(id, "")));
  REQUIRE(run_async(repository.export_to(id, shop.root() / "first")));
  const std::string count = "find git/project-1.git/lfs/objects -type f | wc -l";
  CHECK(shop.shell(count) == "1");
  shop.shell("find git/project-1.git/lfs -type f -exec touch -d '15 days ago' {} +");
  CHECK(remove_old_lfs_files(shop.settings.folder, MirrorRetention()) >= 1);
  CHECK(shop.shell(count) == "0");
  REQUIRE(run_async(repository.export_to(id, shop.root() / "second")));
  CHECK(*read_file(shop.root() / "second/logo.bin") == "pixels");
}

TEST_CASE("hooks, filters and settings that a repository brings are not run") {
  Workshop shop;
  const std::string id = shop.commit(
      "printf '* filter=evil diff=evil\n' > .gitattributes; printf '[filter \"evil\"]\n\tsmudge = touch ../pwned\n' > "
      ".gitconfig; mkdir -p hooks; printf '#!/bin/sh\ntouch ../pwned\n' > hooks/post-checkout; chmod +x hooks/*;"
      "printf '[core]\n\tfsmonitor = touch ../pwned\n' > config");
  Repository repository = shop.repository();
  REQUIRE(run_async(repository.fetch(id, "")));
  REQUIRE(run_async(repository.export_to(id, shop.root() / "work")));
  CHECK_FALSE(fs::exists(shop.root() / "pwned"));
  CHECK(fs::exists(shop.root() / "work/hooks/post-checkout"));
}

TEST_CASE("a fetch over the size limit fails and the next, smaller one works") {
  Workshop shop;
  const std::string small = shop.commit("echo x > x");
  const std::string big = shop.commit("head -c 3000000 /dev/urandom > big");
  shop.settings.file_limit = 1'000'000;
  Repository repository = shop.repository();
  CHECK_FALSE(run_async(repository.fetch(big, "")));
  CHECK(run_async(repository.fetch(small, "")));
}

TEST_CASE("the lock of a git that died with its daemon holds no fetch up") {
  Workshop shop;
  const std::string first = shop.commit("echo 1 > x");
  const std::string second = shop.commit("echo 2 > x");
  Repository repository = shop.repository();
  REQUIRE(run_async(repository.fetch(first, "")));
  fs::path mirror;
  for (const auto& entry : fs::directory_iterator(shop.settings.folder)) {
    if (entry.path().extension() == ".git") mirror = entry.path();
  }
  REQUIRE_FALSE(mirror.empty());
  REQUIRE(write_file(mirror / "shallow.lock", ""));
  CHECK(run_async(repository.fetch(second, "")));
  CHECK_FALSE(fs::exists(mirror / "shallow.lock"));
}

TEST_CASE("a mirror that a loss of power has damaged is made anew when it is next used, a sound one is not") {
  Workshop shop;
  const std::string id = shop.commit("echo 1 > x");
  REQUIRE(run_async(shop.repository().fetch(id, "")));
  const std::string mirror = "git/project-1.git/";
  const std::string pack = mirror + "objects/pack/*.pack";
  const std::string damage =
      GENERATE_COPY(as<std::string>(), "", ": > " + mirror + "refs/slipway/" + id,
                    "for pack in " + pack + "; do chmod u+w $pack; : > $pack; done", ": > " + mirror + "HEAD");
  CAPTURE(damage);
  shop.shell(damage);
  shop.shell("echo another > " + mirror + "slipway-boot; touch " + mirror + "witness");

  Repository repository = shop.repository();
  const auto resolved = run_async(repository.resolve("main"));
  REQUIRE(resolved);
  const auto fetched = run_async(repository.fetch(*resolved, ""));
  INFO((fetched ? "" : fetched.error().message));
  REQUIRE(fetched);
  CHECK(run_async(repository.read(id, "x"))->text == "1\n");
  CHECK(run_async(repository.export_to(id, shop.root() / "work")));
  CHECK(run_async(repository.collect_garbage(0)));
  CHECK(fs::exists(shop.root() / mirror / "witness") == damage.empty());
}

TEST_CASE("a mirror is looked through once after each start of the machine") {
  Workshop shop;
  const std::string id = shop.commit("echo 1 > x");
  REQUIRE(run_async(shop.repository().fetch(id, "")));
  REQUIRE(write_file(shop.settings.folder / "project-1.git/refs/slipway" / id, ""));
  // Nothing of this life of the machine is lost: this one is not looked for.
  REQUIRE(run_async(shop.repository().fetch(id, "")));
  CHECK(read_file(shop.settings.folder / "project-1.git/refs/slipway" / id)->empty());
}

TEST_CASE("a commit that is there is had while somebody else fetches, and never while commits are forgotten") {
  Workshop shop;
  const std::string id = shop.commit("echo 1 > x");
  Repository repository = shop.repository();
  REQUIRE(run_async(repository.fetch(id, "")));
  const std::string lock = GENERATE("", " forgetting");
  const auto had = run_async([](Workshop& all, Repository& r, std::string commit, std::string name) -> awaitable<bool> {
    const auto busy =
        co_await all.settings.locks->of((all.settings.folder / "project-1.git").string() + name)->acquire();
    const auto there = co_await with_deadline(std::chrono::milliseconds(300), r.ensure(commit, ""), "the commit");
    co_return there.has_value();
  }(shop, repository, id, lock));
  CHECK(had == lock.empty());
}

TEST_CASE("a commit that is not there is fetched for who wants it to be") {
  Workshop shop;
  const std::string id = shop.commit("echo 1 > x");
  Repository repository = shop.repository();
  REQUIRE(run_async(repository.ensure(id, "")));
  CHECK(run_async(repository.read(id, "x"))->text == "1\n");
  CHECK(run_async(repository.ensure("no commit", "")).error().kind == Error::Kind::invalid);
}

TEST_CASE("two fetches at the same time both end well") {
  Workshop shop;
  const std::string first = shop.commit("echo 1 > x");
  const std::string second = shop.commit("echo 2 > x");
  Repository repository = shop.repository();
  const auto both = run_async([](Repository& r, std::string a, std::string b) -> awaitable<bool> {
    auto fetches = all_of(r.fetch(a, ""), r.fetch(b, ""));
    auto [x, y] = co_await std::move(fetches);
    co_return x.has_value() && y.has_value();
  }(repository, first, second));
  CHECK(both);
  CHECK(run_async(repository.read(first, "x"))->text == "1\n");
  CHECK(run_async(repository.read(second, "x"))->text == "2\n");
}

TEST_CASE("exports of two commits at the same time, with a submodule at two commits, both end well") {
  Workshop shop;
  shop.shell("git init -q -b main lib; git -C lib config user.email d@e; git -C lib config user.name D");
  std::vector<std::string> ids;
  for (const std::string text : {"1", "2"}) {
    const std::string lib =
        shop.shell("cd lib; echo " + text + " > x; git add -A; git commit -qm " + text + "; git rev-parse HEAD");
    ids.push_back(shop.commit(with_lib_at(lib)));
  }
  Repository repository = shop.repository();
  for (const std::string& id : ids) REQUIRE(run_async(repository.fetch(id, "")));
  const auto exported = run_async(export_both(repository, ids[0], ids[1], shop.root() / "work"));
  INFO((exported ? "" : exported.error().message));
  REQUIRE(exported);
  CHECK(*read_file(shop.root() / "work" / ids[0] / "lib/x") == "1\n");
  CHECK(*read_file(shop.root() / "work" / ids[1] / "lib/x") == "2\n");
}

TEST_CASE("a server that lies about locks has nothing removed, and is not asked again") {
  Workshop shop;
  const fs::path mirror = shop.settings.folder / "project-1.git";
  const fs::path lock = GENERATE("refs/../../../Cargo.lock", "../../Cargo.lock", "shallow.lock", "HEAD.lock");
  shop.shell("git init -q --bare git/project-1.git");
  const fs::path victim = (mirror / lock).lexically_normal();
  REQUIRE(write_file(victim, "precious"));
  int asked = 0;
  const auto fetched = fetch_from_liar(
      shop.settings,
      "shallow file has changed since we read it; Unable to create '" + (mirror / lock).string() + "': File exists",
      asked);
  REQUIRE_FALSE(fetched);
  CHECK(fetched.error().message.find("remote error: ") != std::string::npos);
  CHECK(*read_file(victim) == "precious");
  CHECK(asked == 1);
}

TEST_CASE("garbage collection keeps the newest commits and frees the rest") {
  Workshop shop;
  Repository repository = shop.repository();
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(shop.commit("export GIT_COMMITTER_DATE='2026-01-0" + std::to_string(i + 1) + "T00:00:00Z'; echo " +
                              std::to_string(i) + " > x"));
    REQUIRE(run_async(repository.fetch(ids.back(), "")));
  }
  shop.shell("git --git-dir git/project-1.git update-ref refs/slipway-heads/" + ids[0] + " " + ids[0]);
  REQUIRE(run_async(repository.collect_garbage(2)));
  CHECK(shop.shell("git --git-dir git/project-1.git for-each-ref refs/slipway-heads").empty());
  CHECK(run_async(repository.read(ids[3], "x")));
  CHECK(run_async(repository.read(ids[2], "x")));
  CHECK_FALSE(run_async(repository.read(ids[0], "x")));
  REQUIRE(run_async(repository.fetch(ids[0], "")));
  CHECK(run_async(repository.read(ids[0], "x")));
}

TEST_CASE("a commit that garbage collection kept is there without its server") {
  Workshop shop;
  const std::string kept = shop.commit("export GIT_COMMITTER_DATE=2026-01-02T00:00:00Z; echo 1 > x");
  const std::string gone = shop.commit("export GIT_COMMITTER_DATE=2026-01-01T00:00:00Z; echo 2 > x");
  Repository repository = shop.repository();
  for (const std::string& id : {kept, gone}) REQUIRE(run_async(repository.fetch(id, "")));
  REQUIRE(run_async(repository.collect_garbage(1)));
  fs::rename(shop.root() / "source", shop.root() / "away");
  CHECK(run_async(repository.fetch(kept, "main")));
  CHECK(run_async(repository.fetch_ahead(kept, "main", "x")));
  CHECK_FALSE(run_async(repository.fetch(gone, "main")));
}

TEST_CASE("a git server that hangs is left at the deadline") {
  Workshop shop;
  shop.settings.deadline = std::chrono::milliseconds(300);
  asio::io_context io;
  const tcp::acceptor silent(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  Repository repository(shop.settings, "slow", server_url(silent), {});
  const auto fetched = run_async(repository.fetch(std::string(40, 'a'), ""));
  REQUIRE_FALSE(fetched);
  CHECK(fetched.error().kind == Error::Kind::timeout);
}

TEST_CASE("a password goes to its own server in a header, and no error repeats it") {
  Workshop shop;
  GitCredentials credentials;
  credentials.username = "robot";
  credentials.password = Secret("hunter2");
  std::string request;
  const auto fetched = run_async([](Workshop& w, GitCredentials c, std::string& seen) -> awaitable<Result<void>> {
    tcp::acceptor acceptor(co_await asio::this_coro::executor, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    Repository repository(w.settings, "private", server_url(acceptor), std::move(c));
    auto both = all_of(repository.fetch(std::string(40, 'a'), ""), refuse_one(acceptor, seen));
    auto [ended, refused] = co_await std::move(both);
    co_return std::move(ended);
  }(shop, credentials, request));
  REQUIRE_FALSE(fetched);
  CHECK(fetched.error().kind == Error::Kind::unauthorized);
  CHECK(fetched.error().message.find("hunter2") == std::string::npos);
  CHECK(request.find("Authorization: Basic " + to_base64("robot:hunter2")) != std::string::npos);
}

TEST_CASE("a branch contains its commits, and none that the server merely has") {
  Workshop shop;
  const std::string first = shop.commit("echo 1 > file");
  const std::string second = shop.commit("echo 2 > file");
  shop.shell("cd source; git checkout -q -b other " + first);
  const std::string stray = shop.commit("echo stray > file");
  shop.shell("cd source; git checkout -q main; git tag -am annotated v1 " + first +
             "; git update-ref refs/pull/7/head other; git branch -qD other");
  Repository repository = shop.repository();
  // Commits of the mirror have no parents; that must not matter.
  REQUIRE(run_async(repository.fetch(second, "")));
  REQUIRE(run_async(repository.fetch(stray, "refs/pull/7/head")));
  const auto contains = [&](const std::string& ref, const std::string& commit) {
    const auto answer = run_async(repository.contains(ref, commit));
    INFO((answer ? "" : answer.error().message));
    REQUIRE(answer);
    return *answer;
  };
  CHECK(contains("refs/heads/main", second));
  CHECK(contains("refs/heads/main", first));
  CHECK_FALSE(contains("refs/heads/main", stray));
  CHECK_FALSE(contains("refs/heads/main", std::string(40, 'a')));
  CHECK(contains("refs/tags/v1", first));
  CHECK_FALSE(contains("refs/tags/v1", second));
  CHECK(run_async(repository.contains("refs/heads/none", stray)).error().kind == Error::Kind::not_found);
}
