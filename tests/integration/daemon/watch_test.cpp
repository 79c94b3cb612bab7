// How `slipway run watch` shows a run, and what it exits with.
#include <signal.h>

#include "tests/integration/daemon/site.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/terminal.hpp"

using namespace slipway;
using namespace slipway::daemon;
using namespace std::chrono_literals;

namespace {

std::map<std::string, std::string> environment_for(const std::string& url, const std::string& token) {
  return {{"SLIPWAY_URL", url}, {"SLIPWAY_TOKEN", token}, {"TERM", "xterm"}};
}

std::vector<std::string> words_to_watch(std::vector<std::string> words) {
  words.insert(words.begin(), {SLIPWAY_PATH, "run", "watch"});
  return words;
}

/// A run that does not end, of a server that says nothing more of it.
std::vector<ScriptedServer::Turn> endless_run() {
  const std::string run = R"({"id": 7, "project": "shop", "state": "running", "jobs": [
      {"name": "unit", "state": "running", "steps": [{"name": "test", "state": "running", "attempt": 1}]}]})";
  return {ScriptedServer::json(run), {ScriptedServer::chunks("text/event-stream", {": \n\n"}, false), 60s}};
}

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

TEST_CASE("who watches a run for no longer than --timeout gets exit code 6, and the run goes on") {
  const Folder folder;
  Site site(folder, "sleep 1000");
  const std::int64_t id = site.trigger_at_last();
  site.until_step_runs(id);
  const std::string number = std::to_string(id);
  const Ran watched = site.daemon->slipway({"run", "watch", number, "--timeout", "1s"});
  CHECK(watched.code == 6);
  CHECK(watched.err == "no longer watching; run " + number + " goes on\n");
  CHECK(watched.out.find("unit / run  running\n") != std::string::npos);
  CHECK(site.run_of(id)["state"] == "running");
  CHECK(site.daemon->send("POST", "/api/v1/runs/" + number + "/cancel").status == 202);
  CHECK(site.daemon->slipway({"run", "watch", number}).code == 5);
}

TEST_CASE("Ctrl-C ends the watching with exit code 130, however the run is shown, and not the run") {
  const Folder folder;
  Site site(folder, "sleep 1000");
  const std::int64_t id = site.trigger_at_last();
  site.until_step_runs(id);
  const std::string number = std::to_string(id);
  for (const std::string progress : {"auto", "plain", "quiet"}) {
    CAPTURE(progress);
    OnTerminal watch(words_to_watch({number, "--progress", progress}),
                     environment_for(site.daemon->url(), site.daemon->token()), {});
    site.until_followed_by(1);  // from here on it has its hand on Ctrl-C
    if (progress != "quiet") CHECK(watch.shows("running"));
    watch.type("\x03");
    CHECK(watch.finish() == 130);
    CAPTURE(watch.output());
    const std::string said = "no longer watching; run " + number + " goes on\r\n";
    CHECK(ends_with(watch.output(), (progress == "auto" ? "\033[?25h" : "") + said));
    site.until_followed_by(0);
  }
  CHECK(site.run_of(id)["state"] == "running");
  CHECK(site.daemon->send("POST", "/api/v1/runs/" + number + "/cancel").status == 202);
  CHECK(site.finished(id)["verdict"] == "cancelled");
}

TEST_CASE("a run that waits for an approval is not waited for: exit code 7 and how to approve it") {
  const ScriptedServer server(
      {ScriptedServer::json(R"({"id": 7, "project": "shop", "state": "waiting_approval", "jobs": []})")});
  const Ran watched = run_program(words_to_watch({"7"}), environment_for(server.url(), "slw_x"));
  CHECK(watched.code == 7);
  CHECK(watched.out == "run 7  waiting_approval\n");
  CHECK(watched.err == "the run waits for an approval: slipway run approve 7\n");
}

TEST_CASE("on a terminal a run is a block of lines that is drawn in place, and its last state stays") {
  const Folder folder;
  Site site(folder, "sleep 3");
  const std::int64_t id = site.trigger_at_last();
  const std::string heading = "run " + std::to_string(id) + " of shop  ";
  auto environment = environment_for(site.daemon->url(), site.daemon->token());
  environment["NO_COLOR"] = "1";
  OnTerminal watch(words_to_watch({std::to_string(id)}), environment, {60, 20});
  CHECK(watch.finish() == 0);
  CAPTURE(watch.output());
  CHECK(watch.output().starts_with("\033[?25l\033[?7l\r" + heading));
  CHECK(watch.output().find("  run (1s)\033[K") != std::string::npos);  // no event comes with a second
  CHECK(watch.output().find("\033[2A\r" + heading) != std::string::npos);
  CHECK(ends_with(watch.output(), ")\033[K\r\n\033[J\033[?7h\033[?25h"));
  const std::string last = watch.output().substr(watch.output().rfind(heading));
  CHECK(last.starts_with(heading + "passed"));
  CHECK(last.find("  unit  passed") != std::string::npos);
  CHECK(watch.output().find("\033[3") == std::string::npos);  // no colour
}

TEST_CASE("a terminal that can't move its cursor, and a pipe, get lines; a block for a pipe is a usage error") {
  std::map<std::string, std::string> environment;
  for (const std::string kind : {"xterm", "dumb", ""}) {
    CAPTURE(kind);
    const ScriptedServer server(endless_run());
    environment = environment_for(server.url(), "slw_x");
    environment["TERM"] = kind;
    OnTerminal watch(words_to_watch({"7", "--timeout", "1s"}), environment, {});
    CHECK(watch.finish() == 6);
    CAPTURE(watch.output());
    CHECK((watch.output().find("\033[?25l") != std::string::npos) == (kind == "xterm"));
    CHECK((watch.output().find("unit / test  ") != std::string::npos) == (kind != "xterm"));
  }
  const ScriptedServer server(endless_run());
  environment = environment_for(server.url(), "slw_x");
  const Ran piped = run_program(words_to_watch({"7", "--timeout", "1s"}), environment);
  CHECK(piped.out == "unit  running\nunit / test  running\nrun 7  running\n");
  const Ran refused = run_program(words_to_watch({"7", "--progress", "tty"}), environment);
  CHECK(refused.code == 2);
  CHECK(refused.err.find("--progress tty: standard output is no terminal") != std::string::npos);
}

TEST_CASE("a signal that ends the watching leaves the terminal its cursor") {
  const ScriptedServer server(endless_run());
  OnTerminal watch(words_to_watch({"7"}), environment_for(server.url(), "slw_x"), {});
  CHECK(watch.shows("unit"));
  ::kill(watch.pid(), SIGTERM);
  CHECK(watch.finish() == -1);
  CAPTURE(watch.output());
  CHECK(ends_with(watch.output(), "\033[?25h"));
}
