#pragma once
#include <chrono>
#include <thread>

#include <catch2/catch.hpp>

#include "base/files.hpp"
#include "orchestrator/store/store.hpp"
#include "tests/integration/daemon/live_daemon.hpp"

namespace slipway::daemon {

/// slipwayd in a folder, and a project whose repository has one job that runs `script`, on the engine under test. What
/// it leaves there is removed. Borrows the folder.
struct Site {
  Site(const Folder& where, const std::string& script, std::map<std::string, std::string> variables = {},
       std::string endpoint = {})
      : folder(where), environment(std::move(variables)), engine(std::move(endpoint)) {
    environment["SLIPWAY_CONFIG"] = (folder.path() / "slipwayd.yml").string();
    const std::filesystem::path source = folder.path() / "source";
    std::filesystem::create_directories(source);
    REQUIRE(write_file(source / "slipway.yml",
                       "on: {push: {}}\njobs:\n  unit: {image: busybox, network: none, run: [\"" + script + "\"]}\n"));
    REQUIRE(run_program(
                {"sh", "-ec",
                 "cd " + source.string() +
                     "; git init -q -b main; git add -A; git -c user.name=d -c user.email=d@e.example commit -qm x"})
                .code == 0);
    REQUIRE(write_file(folder.path() / "slipwayd.yml", "git: {allow_local: true}\n"));
    start();
    REQUIRE(daemon->send("POST", "/api/v1/projects", {{"name", "shop"}, {"clone_url", source.string()}}).status == 201);
  }
  ~Site() {
    daemon.reset();
    const auto store = store::Store::open(folder.path() / "data");
    if (!store) return;
    const std::string label = " --filter label=dev.slipway.instance=" + (*store)->instance();
    run_program({"sh", "-c",
                 "docker ps -aq" + label + " | xargs -r docker rm -f; docker volume ls -q" + label +
                     " | xargs -r docker volume rm; docker network ls -q" + label +
                     " | xargs -r docker network rm; docker images -q" + label + " | xargs -r docker rmi -f"});
  }

  /// A shell script in the project's repository, by its author; what it prints, without the last line's end.
  [[nodiscard]] std::string in_source(const std::string& script) const {
    const Ran ran = run_program({"sh", "-ec", script},
                                {{"GIT_AUTHOR_NAME", "d"},
                                 {"GIT_AUTHOR_EMAIL", "d@e.example"},
                                 {"GIT_COMMITTER_NAME", "d"},
                                 {"GIT_COMMITTER_EMAIL", "d@e.example"}},
                                {}, folder.path() / "source");
    INFO(ran.out << ran.err);
    REQUIRE(ran.code == 0);
    return ran.out.substr(0, ran.out.find_last_not_of('\n') + 1);
  }
  /// What the default branch has as its pipeline file from now on; the commit's id.
  [[nodiscard]] std::string commit_pipeline(const std::string& text) const {
    REQUIRE(write_file(folder.path() / "source" / "slipway.yml", text));
    return in_source("git add -A; git commit -qm 'Change it'; git rev-parse HEAD");
  }
  /// As the one with the hook's secret sends it, or as somebody else does.
  [[nodiscard]] HttpResponse deliver(const std::string& source, HttpHeaders headers, std::string body) const {
    HttpRequest request("POST", daemon->url() + "/hooks/shop" + source);
    request.headers = std::move(headers);
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = std::move(body);
    Result<HttpResponse> response = send_http(request);
    if (!response) throw std::runtime_error(response.error().message);
    return std::move(*response);
  }

  /// On a free port if none is given.
  void start(int port = 0) {
    const char* tested = std::getenv("SLIPWAY_TEST_ENGINE");
    if (engine.empty()) engine = tested ? tested : "unix:///var/run/docker.sock";
    const std::string token = daemon ? daemon->token() : "";
    daemon.reset();
    daemon = std::make_unique<LiveDaemon>(folder.path() / "data", token, environment, engine, port);
  }
  [[nodiscard]] HttpResponse trigger() const {
    return daemon->send("POST", "/api/v1/projects/shop/runs", {{"ref", "main"}});
  }
  /// Asks until it is taken: the run's number.
  [[nodiscard]] std::int64_t trigger_at_last() const {
    for (const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);;) {
      const HttpResponse taken = trigger();
      if (taken.status == 201) return (*parse_json(taken.body))["id"].get<std::int64_t>();
      CHECK(taken.status == 503);
      REQUIRE(std::chrono::steady_clock::now() < limit);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  [[nodiscard]] Json run_of(std::int64_t id) const {
    return parse_json(daemon->send("GET", "/api/v1/runs/" + std::to_string(id)).body).value();
  }
  template <class Condition>
  Json until(std::int64_t id, Condition holds) const {
    for (const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(40);;) {
      Json run = run_of(id);
      if (holds(run)) return run;
      INFO(dump_json(run) << daemon->output());
      REQUIRE(std::chrono::steady_clock::now() < limit);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  [[nodiscard]] Json finished(std::int64_t id) const {
    return until(id, [](const Json& run) { return run["state"] == "finished"; });
  }
  void until_step_runs(std::int64_t id) const {
    until(id, [](const Json& run) {
      return run["jobs"].size() == 1 && run["jobs"][0]["steps"].size() == 1 &&
             run["jobs"][0]["steps"][0]["state"] == "running";
    });
  }
  [[nodiscard]] std::string log(const Json& run) const {
    const Json& step = run["jobs"][0]["steps"][0];
    return daemon
        ->send("GET", "/api/v1/runs/" + std::to_string(run["id"].get<std::int64_t>()) + "/jobs/unit/steps/" +
                          step["name"].get<std::string>() + "/logs")
        .body;
  }
  /// Until so many events and logs are followed.
  void until_followed_by(std::size_t streams) const {
    const std::string line = "\nslipway_http_streams " + std::to_string(streams) + "\n";
    for (const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);;) {
      const std::string figures = daemon->send("GET", "/metrics").body;
      if (figures.find(line) != std::string::npos) return;
      INFO(figures);
      REQUIRE(std::chrono::steady_clock::now() < limit);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  void until_healthy() const {
    for (const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);;) {
      const std::string health = daemon->send("GET", "/healthz").body;
      if ((*parse_json(health))["status"] == "ok") return;
      INFO(health);
      REQUIRE(std::chrono::steady_clock::now() < limit);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

  const Folder& folder;
  std::map<std::string, std::string> environment;
  std::string engine;
  std::unique_ptr<LiveDaemon> daemon;
};

}  // namespace slipway::daemon
