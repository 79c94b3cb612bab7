#include <fstream>
#include <thread>

#include <catch2/catch.hpp>

#include "base/files.hpp"
#include "tests/integration/daemon/live_daemon.hpp"
#include "tests/support/scripted_server.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace fs = std::filesystem;

namespace {

std::string content(const fs::path& path) {
  return read_file(path, 1 << 30).value();
}

Ran restore(const fs::path& file, const fs::path& data, std::vector<std::string> more = {}) {
  std::vector<std::string> words = {SLIPWAYD_PATH, "restore", file.string(), "--data", data.string()};
  words.insert(words.end(), more.begin(), more.end());
  return run_program(std::move(words));
}

void add_project(const LiveDaemon& daemon, const std::string& name) {
  const Json project = {{"name", name}, {"clone_url", "https://git.example/" + name + ".git"}};
  REQUIRE(daemon.send("POST", "/api/v1/projects", project).status == 201);
}

/// A backup of a fresh daemon with one project, in `folder`.
fs::path small_backup(const fs::path& folder) {
  const LiveDaemon daemon(folder / "origin");
  add_project(daemon, "shop");
  const fs::path file = folder / "backup.tar";
  const Ran made = daemon.slipway({"admin", "backup", file.string()});
  INFO(made.err);
  REQUIRE(made.code == 0);
  return file;
}

}  // namespace

TEST_CASE("a backup can go to standard output, but to no terminal, and says so if it breaks off") {
  const Folder folder;
  const LiveDaemon daemon(folder.path() / "data");
  const Ran made = daemon.slipway({"admin", "backup", "-"});
  CHECK(made.code == 0);
  CHECK(made.err.find("the backup has everything but the key file") != std::string::npos);
  REQUIRE(write_file(folder.path() / "piped.tar", made.out));
  CHECK(run_program({"tar", "tf", (folder.path() / "piped.tar").string()}).out == "backup.json\nslipway.db\n");
  CHECK_FALSE(fs::exists("-"));

  const Ran shown = run_program({"script", "-qec", std::string(SLIPWAY_PATH) + " admin backup -", "/dev/null"},
                                {{"SLIPWAY_URL", daemon.url()}, {"SLIPWAY_TOKEN", daemon.token()}});
  CHECK(shown.code == 2);
  CHECK(shown.out.find("a backup is not for a terminal") != std::string::npos);

  const ScriptedServer broken({ScriptedServer::chunks("application/x-tar", {"backup"}, false)});
  const Ran half =
      run_program({SLIPWAY_PATH, "admin", "backup", "-"}, {{"SLIPWAY_URL", broken.url()}, {"SLIPWAY_TOKEN", "slw_x"}});
  CHECK(half.code == 1);
  CHECK(half.err.find("slipway: backup: ") != std::string::npos);
}

TEST_CASE("a backup of a daemon that works, restored elsewhere, has all that was there, and new numbers are new") {
  const Folder folder;
  const fs::path data = folder.path() / "data", file = folder.path() / "backup.tar", other = folder.path() / "other";
  LiveDaemon daemon(data);
  add_project(daemon, "shop");
  REQUIRE(daemon.slipway({"secret", "set", "TOKEN", "-p", "shop"}, "hush-hush").code == 0);
  REQUIRE(daemon.slipway({"trigger", "-p", "shop", "--ref", "main"}).code == 0);
  fs::create_directories(data / "logs" / "1");
  std::ofstream(data / "logs" / "1" / "unit.test.a1.zst") << "what a step wrote";
  std::ofstream(data / "logs" / "1" / "unit.more.a1.log") << "";
  {
    // It goes on working meanwhile.
    std::jthread writer([&daemon](const std::stop_token& stop) {
      for (int i = 0; !stop.stop_requested(); ++i) add_project(daemon, "p" + std::to_string(i));
    });
    const Ran made = daemon.slipway({"admin", "backup", file.string(), "--logs"});
    INFO(made.err);
    REQUIRE(made.code == 0);
    CHECK(made.err.find("key") != std::string::npos);
  }
  CHECK((fs::status(file).permissions() & fs::perms::all) == (fs::perms::owner_read | fs::perms::owner_write));
  const std::string listed = run_program({"tar", "tf", file.string()}).out;
  CHECK(listed == "backup.json\nslipway.db\nlogs/1/unit.more.a1.log\nlogs/1/unit.test.a1.zst\n");
  for (const auto& entry : fs::directory_iterator(data)) CHECK(entry.path().string().find("copy") == std::string::npos);
  CHECK(daemon.stop() == 0);

  const Ran restored = restore(file, other);
  INFO(restored.err);
  REQUIRE(restored.code == 0);
  CHECK(restored.out.find("key file") != std::string::npos);
  CHECK(content(other / "logs" / "1" / "unit.test.a1.zst") == "what a step wrote");
  fs::copy_file(data / "key", other / "key");
  const LiveDaemon again(other, daemon.token());
  CHECK((*parse_json(again.send("GET", "/api/v1/projects/shop").body))["name"] == "shop");
  CHECK((*parse_json(again.send("GET", "/api/v1/runs/1").body))["project"] == "shop");
  CHECK((*parse_json(again.send("GET", "/api/v1/projects/shop/secrets").body))["items"][0] == "TOKEN");
  const HttpResponse queued = again.send("POST", "/api/v1/projects/shop/runs", {{"ref", "main"}});
  CHECK((*parse_json(queued.body))["id"] > 100'000);
  CHECK((*parse_json(again.send("GET", "/api/v1/runs").body))["items"][0]["number"] == 2);
}

TEST_CASE("a backup that breaks off, even where an answer could end, leaves the one that was there and is an error") {
  const Folder folder;
  const fs::path file = small_backup(folder.path());
  const std::string before = content(file), tar = "application/x-tar";
  const ScriptedServer server({ScriptedServer::chunks(tar, {before.substr(0, before.size() - 1024)}, true),
                               ScriptedServer::chunks(tar, {before.substr(0, 4096)}, true),
                               ScriptedServer::chunks(tar, {before.substr(0, 4096)}, false),
                               ScriptedServer::chunks(tar, {before}, true)});
  const auto back_up = [&] {
    return run_program({SLIPWAY_PATH, "admin", "backup", file.string()},
                       {{"SLIPWAY_URL", server.url()}, {"SLIPWAY_TOKEN", "slw_x"}});
  };
  for (int cut = 0; cut < 3; ++cut) {
    const Ran made = back_up();
    CAPTURE(cut, made.err);
    CHECK(made.code == 1);
    CHECK(made.err.find("has everything") == std::string::npos);
    CHECK(content(file) == before);
    CHECK_FALSE(fs::exists(file.string() + ".part"));
  }
  CHECK(back_up().code == 0);
}

TEST_CASE("a restore over a database is refused, and with --force what was there is kept beside") {
  const Folder folder;
  const fs::path file = small_backup(folder.path()), data = folder.path() / "data";
  std::string token;
  {
    LiveDaemon daemon(data);
    add_project(daemon, "other");
    const Ran used = restore(file, data, {"--force"});
    CHECK(used.code == 1);
    CHECK(used.err.find("in use by pid " + std::to_string(daemon.pid())) != std::string::npos);
    token = daemon.token();
    daemon.stop();
  }
  const Ran refused = restore(file, data);
  CHECK(refused.code == 1);
  CHECK(refused.err.find("--force") != std::string::npos);
  const Ran forced = restore(file, data, {"--force"});
  INFO(forced.err);
  REQUIRE(forced.code == 0);
  fs::path before;
  for (const auto& entry : fs::directory_iterator(data)) {
    if (entry.path().filename().string().starts_with("before-restore-")) before = entry.path();
  }
  REQUIRE(fs::exists(before / "slipway.db"));
  CHECK(forced.out.find(before.string()) != std::string::npos);
  const LiveDaemon kept(before, token);
  CHECK(kept.send("GET", "/api/v1/projects/other").status == 200);
}

TEST_CASE("what is no backup, or is damaged or cut off, is refused and nothing is touched") {
  const Folder folder;
  const fs::path file = small_backup(folder.path()), data = folder.path() / "data", bad = folder.path() / "bad.tar";
  const std::string whole = content(file);
  std::string flipped = whole;
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
  const auto tar_of = [&](const std::string& names) {
    run_program({"sh", "-c",
                 "cd " + folder.path().string() +
                     " && echo '{}' > backup.json && echo x > evil && mkdir -p logs/1 &&"
                     " ln -sf /etc/passwd logs/1/link && tar -P --format=ustar -cf bad.tar " +
                     names});
    return content(bad);
  };
  const std::string bads[] = {"",
                              "not a tar at all",
                              whole.substr(0, whole.size() / 2),
                              whole.substr(0, whole.size() - 1024),
                              flipped,
                              tar_of("backup.json"),
                              tar_of("backup.json evil"),
                              tar_of("backup.json --transform s,evil,../evil, evil"),
                              tar_of("backup.json logs/1/link"),
                              tar_of("evil backup.json")};
  for (const std::string& text : bads) {
    std::ofstream(bad, std::ios::binary | std::ios::trunc) << text;
    const Ran refused = restore(bad, data);
    CAPTURE(text.size(), refused.err);
    CHECK(refused.code == 2);
    CHECK_FALSE(fs::exists(data / "slipway.db"));
    CHECK_FALSE(fs::exists(folder.path() / "../evil"));
  }
  CHECK(restore(folder.path() / "none.tar", data).code == 1);
  CHECK(restore(file, data).code == 0);
}

TEST_CASE("a folder in which a restore was cut off is not started on, until it is restored") {
  const Folder folder;
  const fs::path file = small_backup(folder.path()), data = folder.path() / "data";
  fs::create_directories(data / "restore-under-way");
  const Ran refused = run_program({SLIPWAYD_PATH, "--data", data.string(), "--listen", "127.0.0.1:0"});
  CHECK(refused.code != 0);
  const Ran started = run_program({SLIPWAYD_PATH, "--data", data.string(), "--listen", "127.0.0.1:1"});
  CHECK(started.code == 1);
  CHECK(started.err.find("slipwayd restore") != std::string::npos);
  CHECK(restore(file, data).code == 0);
  CHECK_FALSE(fs::exists(data / "restore-under-way"));
}

TEST_CASE("slipway admin restore has the slipwayd of this machine do it, and says so where there is none") {
  const Folder folder;
  const fs::path file = small_backup(folder.path()), data = folder.path() / "data";
  const std::string restore_it =
      std::string(SLIPWAY_PATH) + " admin restore " + file.string() + " --data " + data.string();
  const Ran without = run_program({"/bin/sh", "-c", "PATH=/nonexistent " + restore_it});
  CHECK(without.code == 1);
  CHECK(without.err.find("on the daemon's machine") != std::string::npos);
  const Ran with =
      run_program({"/bin/sh", "-c", "PATH=" + fs::path(SLIPWAYD_PATH).parent_path().string() + ":$PATH " + restore_it});
  INFO(with.err);
  CHECK(with.code == 0);
  CHECK(fs::exists(data / "slipway.db"));

  const fs::path config = folder.path() / "slipwayd.yml", said = folder.path() / "said";
  REQUIRE(write_file(config, "data: " + said.string() + "\n"));
  const Ran as_said = run_program({SLIPWAY_PATH, "admin", "restore", file.string(), "--config", config.string()},
                                  {{"PATH", fs::path(SLIPWAYD_PATH).parent_path().string() + ":/usr/bin:/bin"}});
  INFO(as_said.err);
  CHECK(as_said.code == 0);
  CHECK(fs::exists(said / "slipway.db"));
  CHECK(
      run_program({"/bin/sh", "-c", "PATH=" + fs::path(SLIPWAYD_PATH).parent_path().string() + ":$PATH " + restore_it})
          .code == 1);
}
