#include <future>
#include <sstream>

#include "tests/integration/daemon/site.hpp"
#include "tests/support/scripted_server.hpp"

using namespace slipway;
using namespace slipway::daemon;
using namespace std::chrono_literals;

namespace {

/// `slipway WORDS…` as the admin, beside the test, whatever becomes of the daemon object meanwhile.
std::future<Ran> slipway_beside(const LiveDaemon& daemon, std::vector<std::string> words) {
  words.insert(words.begin(), SLIPWAY_PATH);
  return std::async(std::launch::async, [words, url = daemon.url(), token = daemon.token()] {
    return run_program(words, {{"SLIPWAY_URL", url}, {"SLIPWAY_TOKEN", token}});
  });
}

Ran slipway_at(const ScriptedServer& server, std::vector<std::string> words) {
  words.insert(words.begin(), SLIPWAY_PATH);
  return run_program(std::move(words), {{"SLIPWAY_URL", server.url()}, {"SLIPWAY_TOKEN", "slw_x"}});
}

/// A step's log less what the shell tells of its commands: that is on another stream, so its order is nobody's.
std::string without_commands(const std::string& log) {
  std::istringstream lines(log);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("+ ")) kept += line + "\n";
  }
  return kept;
}

}  // namespace

TEST_CASE("who watches a run or follows its log does so over a restart of slipwayd, and no line is lost or doubled") {
  const Folder folder;
  Site site(folder, "echo one; sleep 8; echo two");
  const std::int64_t id = site.trigger_at_last();
  site.until_step_runs(id);
  std::future<Ran> watching = slipway_beside(*site.daemon, {"run", "watch", std::to_string(id)});
  std::future<Ran> following = slipway_beside(*site.daemon, {"run", "logs", "-f", std::to_string(id)});
  site.until_followed_by(2);
  CHECK(site.daemon->stop() == 0);
  std::this_thread::sleep_for(1s);
  site.start(site.daemon->port());
  const Json run = site.finished(id);
  CAPTURE(dump_json(run));
  const Ran watched = watching.get(), followed = following.get();
  CAPTURE(watched.out, watched.err, followed.err);
  CHECK(watched.code == 0);
  CHECK(watched.out.find("run " + std::to_string(id) + "  passed") != std::string::npos);
  CHECK(followed.code == 0);
  CHECK(without_commands(followed.out) == "one\ntwo\n");
}

TEST_CASE("who follows a run's logs before it has any gets all of them, and ends with the run") {
  const Folder folder;
  Site site(folder, "sleep 1; echo one; sleep 2; echo two");
  const std::int64_t id = site.trigger_at_last();
  const Ran followed = slipway_beside(*site.daemon, {"run", "logs", "-f", std::to_string(id)}).get();
  CAPTURE(followed.out, followed.err);
  CHECK(followed.code == 0);
  CHECK(without_commands(followed.out) == "one\ntwo\n");
  CHECK(site.finished(id)["verdict"] == "passed");
}

TEST_CASE("whoever broke their slipway.yml sees every error with its place in the run's logs and in the run") {
  const Folder folder;
  Site site(folder, "true");
  const std::string source = (folder.path() / "source").string();
  REQUIRE(write_file(source + "/slipway.yml",
                     "on: {push: {}}\njobs:\n  unit: {image: busybox, runn: [\"true\"]}\n"
                     "  more: {image: busybox, run: [\"true\"], network: some}\n"));
  REQUIRE(run_program({"sh", "-ec", "cd " + source + "; git -c user.name=d -c user.email=d@e.example commit -qam bad"})
              .code == 0);
  const std::int64_t id = site.trigger_at_last();
  CHECK(site.finished(id)["verdict"] == "failed");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"run", "logs"}, {"run", "logs", "-f"}, {"run", "view"}}) {
    std::vector<std::string> with_number = words;
    with_number.push_back(std::to_string(id));
    const Ran shown = slipway_beside(*site.daemon, with_number).get();
    CAPTURE(shown.out, shown.err);
    CHECK(shown.code == 0);
    CHECK(shown.out.find("\nslipway.yml:4:") != std::string::npos);
    CHECK(("\n" + shown.out).find("\nslipway.yml:3:26: error: ") != std::string::npos);
  }
  const Ran job = slipway_beside(*site.daemon, {"run", "logs", "-j", "unit", std::to_string(id)}).get();
  CHECK(job.code == 1);
  CHECK(job.err.find("the run has no jobs: slipway.yml:3: ") != std::string::npos);
}

TEST_CASE("who follows a job or step that the run does not have is told at once, with the names there are") {
  const Folder folder;
  Site site(folder, "sleep 1000");
  const std::int64_t id = site.trigger_at_last();
  site.until_step_runs(id);
  const Ran job = slipway_beside(*site.daemon, {"run", "logs", "-f", "-j", "unti", std::to_string(id)}).get();
  CHECK(job.code == 1);
  CHECK(job.err == "slipway: run " + std::to_string(id) + " has no job or image 'unti'\n         it has unit\n");
  const Ran step = slipway_beside(*site.daemon, {"run", "logs", "-f", "-s", "nope", std::to_string(id)}).get();
  CHECK(step.code == 1);
  CHECK(step.err == "slipway: run " + std::to_string(id) + " has no step or service 'nope'\n         it has run\n");
  CHECK(site.daemon->send("POST", "/api/v1/runs/" + std::to_string(id) + "/cancel").status == 202);
  CHECK(site.finished(id)["verdict"] == "cancelled");
}

TEST_CASE("who follows a job that has not begun is told that it is waited for") {
  const std::string pending = R"({"id": 1, "state": "running", "jobs": [{"name": "unit", "state": "pending"}]})";
  const std::string over =
      R"({"id": 1, "state": "finished", "jobs": [{"name": "unit", "state": "finished", "reason": "cancelled"}]})";
  const ScriptedServer server(
      {ScriptedServer::json(pending), ScriptedServer::json(pending), ScriptedServer::json(over)});
  const Ran followed = slipway_at(server, {"run", "logs", "-f", "-j", "unit", "1"});
  CHECK(followed.code == 1);
  CHECK(followed.err ==
        "waiting for unit, which has not begun\n"
        "slipway: 'unit' has no log in this run: cancelled\n"
        "         'slipway run view 1' shows what it has\n");
}

TEST_CASE("a log that is gone is told, and is an error only where nothing else could be shown") {
  const std::string run =
      R"({"id": 1, "state": "finished", "jobs": [{"name": "unit", "steps": [{"name": "a"}, {"name": "b"}]}]})";
  const ScriptedServer::Turn gone =
      ScriptedServer::json(R"({"error": {"message": "the log of step 'a' is gone"}})", 404);
  const ScriptedServer::Turn end = ScriptedServer::chunks("text/event-stream", {"event: end\ndata: {}\n\n"}, true);
  const ScriptedServer::Turn here = ScriptedServer::chunks("text/plain", {"hello\n"}, true);
  for (const bool follow : {false, true}) {
    CAPTURE(follow);
    std::vector<ScriptedServer::Turn> turns{ScriptedServer::json(run)};
    for (const bool none : {false, true}) {
      for (const ScriptedServer::Turn& log : {gone, none ? gone : here}) {
        if (follow) turns.push_back(end);
        turns.push_back(log);
      }
      if (!none) turns.emplace_back(ScriptedServer::json(run));
    }
    const ScriptedServer server(std::move(turns));
    std::vector<std::string> words{"run", "logs", "1"};
    if (follow) words.emplace_back("-f");
    const Ran some = slipway_at(server, words);
    CHECK(some.code == 0);
    CHECK(some.out == "hello\n");
    CHECK(some.err == "== unit / a\nslipway: unit / a: the log of step 'a' is gone\n== unit / b\n");
    const Ran nothing = slipway_at(server, words);
    CHECK(nothing.code == 1);
    CHECK(nothing.out.empty());
    CHECK(nothing.err.find("slipway: unit / b: the log of step 'a' is gone\n") != std::string::npos);
  }
}

TEST_CASE("who waits for a rollout does so over a restart of slipwayd") {
  const std::string ended = R"({"rollout": {"id": 7, "state": "succeeded", "ended_at": "2026-11-25T01:28:51Z"}})";
  const ScriptedServer server({ScriptedServer::json(R"({"id": 7})", 202), std::string(),
                               ScriptedServer::json(R"({"error": {"message": "starting"}})", 503),
                               ScriptedServer::json(ended)});
  const Ran waited = slipway_at(server, {"app", "redeploy", "shop"});
  CAPTURE(waited.err);
  CHECK(waited.code == 0);
  CHECK(waited.out == "succeeded\n");
}

TEST_CASE("who waits for a rollout is told on standard error what happens on each host, but not with --quiet") {
  const std::string begun =
      R"({"rollout": {"id": 7, "state": "pulling"}, "entries": [{"at": "1", "host": "", "what": "pulling"}]})";
  const std::string ended =
      R"({"rollout": {"id": 7, "state": "succeeded", "ended_at": "2026-11-25T01:28:51Z"}, "entries": [
          {"at": "1", "host": "", "what": "pulling"}, {"at": "2", "host": "web1", "what": "healthy"},
          {"at": "3", "host": "", "what": "succeeded"}]})";
  const ScriptedServer::Turn asked = ScriptedServer::json(R"({"id": 7})", 202);
  const ScriptedServer server({asked, ScriptedServer::json(begun), ScriptedServer::json(ended), asked,
                               ScriptedServer::json(begun), ScriptedServer::json(ended)});
  const Ran told = slipway_at(server, {"app", "redeploy", "shop"});
  CHECK(told.code == 0);
  CHECK(told.err ==
        "rollout 7 brings the promoted generation of shop to its hosts again\n"
        "rollout 7: pulling\nhost web1: healthy\n");
  CHECK(told.out == "succeeded\n");
  const Ran quiet = slipway_at(server, {"--quiet", "app", "rollback", "shop", "--json", "state"});
  CHECK(quiet.code == 0);
  CHECK(quiet.err.empty());
  CHECK(quiet.out == "{\"state\":\"succeeded\"}\n");
}

TEST_CASE("a log that nobody reads any more is not followed on, though nothing more is written into it") {
  const Folder folder;
  Site site(folder, "echo ready; sleep 1000");
  const std::int64_t id = site.trigger_at_last();
  site.until_step_runs(id);
  const auto began = std::chrono::steady_clock::now();
  const std::string follow = std::string(SLIPWAY_PATH) + " run logs -f " + std::to_string(id);
  const Ran read = run_program({"sh", "-c", "{ " + follow + "; echo \"code $?\" >&2; } | grep -m1 ^ready"},
                               {{"SLIPWAY_URL", site.daemon->url()}, {"SLIPWAY_TOKEN", site.daemon->token()}});
  CHECK(read.code == 0);
  CHECK(read.out == "ready\n");
  CHECK(read.err == "code 1\n");
  CHECK(std::chrono::steady_clock::now() - began < 30s);
  CHECK(site.daemon->send("POST", "/api/v1/runs/" + std::to_string(id) + "/cancel").status == 202);
  CHECK(site.finished(id)["verdict"] == "cancelled");
}

TEST_CASE("who reads only the first lines of a log or of a run's progress ends slipway without a word of it") {
  const std::string run = R"({"id": 1, "state": "running", "jobs": [{"name": "unit", "steps": [{"name": "t"}]}]})";
  const std::string lines(300'000, '\n');
  for (const bool follow : {false, true}) {
    CAPTURE(follow);
    std::string events;
    for (int i = 0; i < 3000; ++i)
      events += "id: 1\nevent: line\ndata: {\"text\": \"" + std::string(100, 'x') + "\"}\n\n";
    const ScriptedServer server(
        {ScriptedServer::json(run),
         {ScriptedServer::chunks(follow ? "text/event-stream" : "text/plain", {follow ? events : lines}, false), 60s}});
    const std::string logs = std::string(SLIPWAY_PATH) + " run logs 1" + (follow ? " -f" : "");
    const Ran read = run_program({"sh", "-c", "{ " + logs + "; echo \"code $?\" >&2; } | head -n 1"},
                                 {{"SLIPWAY_URL", server.url()}, {"SLIPWAY_TOKEN", "slw_x"}});
    CHECK(read.err == "code 1\n");
  }
}

TEST_CASE("who asks for a rollout gets it as JSON: at its end, or its number alone without waiting for that") {
  const std::string back =
      R"({"rollout": {"id": 7, "state": "failed", "reason": "no", "ended_at": "2026-11-25T01:28:51Z"}})";
  const ScriptedServer server({ScriptedServer::json(R"({"id": 7})", 202), ScriptedServer::json(back),
                               ScriptedServer::json(R"({"id": 7})", 202), ScriptedServer::json(R"({"id": 7})", 202)});
  const Ran waited = slipway_at(server, {"app", "rollback", "shop", "--json", "id,state"});
  CHECK(waited.code == 3);
  CHECK(waited.out == "{\"id\":7,\"state\":\"failed\"}\n");
  const Ran detached = slipway_at(server, {"app", "redeploy", "shop", "--detach", "--jq", ".id"});
  CHECK(detached.code == 0);
  CHECK(detached.out == "7\n");
  CHECK(slipway_at(server, {"app", "pause", "shop", "--json"}).out == "{\"id\":7}\n");
}
