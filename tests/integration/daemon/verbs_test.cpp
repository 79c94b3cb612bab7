// Verbs of slipway as people run them, against a slipwayd whose engine is out: what is asked for stays queued.
#include <cstdlib>

#include <catch2/catch.hpp>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/rollouts.hpp"
#include "orchestrator/store/store.hpp"
#include "tests/integration/daemon/live_daemon.hpp"
#include "tests/support/run_async.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace {

const std::string kCommit(40, 'a'), kBase(40, 'b');

/// A project "shop" whose hook's secret is "hush".
void add_shop(const LiveDaemon& daemon) {
  REQUIRE(daemon
              .slipway({"project", "add", "shop", "--clone-url", "https://git.example/shop.git", "--fork-policy",
                        "approve", "--hook-secret-stdin"},
                       "hush")
              .code == 0);
}

/// What slipwayd answers to a delivery as Gitea sends it.
Json deliver(const LiveDaemon& daemon, const std::string& event, const Json& payload,
             const std::string& secret = "hush") {
  HttpRequest request("POST", daemon.url() + "/hooks/shop");
  request.body = dump_json(payload);
  request.headers = {{"Content-Type", "application/json"},
                     {"X-Gitea-Event", event},
                     {"X-Gitea-Signature", to_hex(hmac_sha256(secret, request.body))}};
  const Result<HttpResponse> answer = send_http(request);
  REQUIRE(answer);
  return parse_json(answer->body).value();
}

Json push() {
  return {{"ref", "refs/heads/main"}, {"before", kBase}, {"after", kCommit}, {"commits", Json::array()}};
}

Json pull_request_of_a_fork() {
  const Json head = {{"ref", "mend"}, {"sha", kCommit}, {"repo", {{"full_name", "eve/shop"}}}};
  const Json base = {{"ref", "main"}, {"sha", kBase}, {"repo", {{"full_name", "team/shop"}}}};
  const Json request = {{"title", "Mend it"}, {"state", "open"}, {"head", head}, {"base", base}};
  return {{"action", "opened"}, {"number", 7}, {"pull_request", request}};
}

std::string state_of(const LiveDaemon& daemon, const std::string& run) {
  const std::string program = ".state + \" \" + (.verdict // \"\")";
  const Ran shown = daemon.slipway({"run", "view", run, "--jq", program});
  CAPTURE(shown.err);
  CHECK(shown.code == 0);
  return shown.out;
}

/// It did what it says on standard error, and printed no data.
void check_said(const Ran& ran, const std::string& said) {
  CHECK(ran.code == 0);
  CHECK(ran.out.empty());
  CHECK(ran.err == said + "\n");
}

void check_refused(const Ran& ran, const std::string& why) {
  CHECK(ran.code == 1);
  CHECK(ran.out.empty());
  CHECK(ran.err == "slipway: " + why + "\n");
}

/// The line of a table off a terminal that begins with `first`, without it.
std::string row(const Ran& listed, const std::string& first) {
  CAPTURE(listed.out, listed.err);
  CHECK(listed.code == 0);
  const std::string text = "\n" + listed.out;
  const auto at = text.find("\n" + first + "\t");
  REQUIRE(at != std::string::npos);
  const auto begin = at + first.size() + 2;
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("run cancel ends a run, and run rerun prints the number of one of the same commit") {
  const Folder folder;
  const LiveDaemon daemon(folder.path() / "data");
  add_shop(daemon);
  CHECK(deliver(daemon, "push", push())["run"] == 1);
  CHECK(state_of(daemon, "1") == "queued \n");
  check_refused(daemon.slipway({"run", "rerun", "1"}),
                "run 1 has not finished\n         wait for it or cancel it first");
  check_said(daemon.slipway({"run", "cancel", "1"}), "run 1 is being cancelled");
  CHECK(state_of(daemon, "1") == "finished cancelled\n");
  CHECK(row(daemon.slipway({"run", "list"}), "1").starts_with("cancelled\tshop\tpush\tmain\taaaaaaaaaa\t"));

  const Ran again = daemon.slipway({"run", "rerun", "1"});
  CHECK(again.code == 0);
  CHECK(again.out == "2\n");
  CHECK(state_of(daemon, "2") == "queued \n");
  CHECK(daemon.slipway({"run", "view", "2", "--jq", ".commit"}).out == kCommit + "\n");
  CHECK(daemon.slipway({"run", "rerun", "--commit", "aaaaaaa", "--jq", ".id"}).code == 1);  // the newest one is queued
  CHECK(daemon.slipway({"run", "cancel", "--commit", "aaaaaaa", "--jq", ".status"}).out == "ok\n");
  CHECK(daemon.slipway({"run", "rerun", "2", "--failed", "--jq", ".id"}).out == "3\n");
  check_refused(daemon.slipway({"run", "cancel", "99"}), "no run 99");
}

TEST_CASE("run approve lets a fork's run go on that waits for it, and no other") {
  const Folder folder;
  const LiveDaemon daemon(folder.path() / "data");
  add_shop(daemon);
  CHECK(deliver(daemon, "pull_request", pull_request_of_a_fork())["run"] == 1);
  CHECK(state_of(daemon, "1") == "waiting_approval \n");
  check_said(daemon.slipway({"run", "approve", "1"}), "run 1 goes on");
  CHECK(state_of(daemon, "1") == "queued \n");
  check_refused(daemon.slipway({"run", "approve", "1"}), "run 1 is queued and can't be approved");
  CHECK(daemon.slipway({"admin", "audit", "--jq", "[.[].what] | .[0]"}).out == "run.approve\n");
}

TEST_CASE("project remove forgets a project whose runs have ended, and names what keeps another") {
  const Folder folder;
  const LiveDaemon daemon(folder.path() / "data");
  add_shop(daemon);
  CHECK(row(daemon.slipway({"project", "list"}), "shop") == "none\tmain\thttps://git.example/shop.git");
  CHECK(daemon.slipway({"trigger", "-p", "shop"}).out == "1\n");
  check_refused(daemon.slipway({"project", "remove", "shop"}),
                "a run of the project has not finished\n         cancel its runs first");
  CHECK(daemon.slipway({"run", "cancel", "1"}).code == 0);
  check_said(daemon.slipway({"project", "remove", "shop"}), "project 'shop' is removed");
  check_said(daemon.slipway({"project", "list"}), "no projects yet: slipway project add NAME --clone-url URL");
  check_refused(daemon.slipway({"project", "remove", "shop"}), "no project shop");
}

TEST_CASE("secret list has the names of a project's secrets, and secret remove takes one away") {
  const Folder folder;
  const LiveDaemon daemon(folder.path() / "data");
  add_shop(daemon);
  check_said(daemon.slipway({"secret", "list", "-p", "shop"}), "no secrets");
  check_said(daemon.slipway({"secret", "set", "TOKEN", "-p", "shop"}, "hush-hush\n"), "secret 'TOKEN' of shop is set");
  REQUIRE(daemon.slipway({"secret", "set", "OTHER", "-p", "shop"}, "more\n").code == 0);
  const Ran listed = daemon.slipway({"secret", "list", "-p", "shop"});
  CHECK(listed.code == 0);
  CHECK(listed.out == "OTHER\nTOKEN\n");
  CHECK(daemon.slipway({"secret", "list", "-p", "shop", "--json"}).out == "[\"OTHER\",\"TOKEN\"]\n");
  check_said(daemon.slipway({"secret", "remove", "TOKEN", "-p", "shop"}), "secret 'TOKEN' of shop is removed");
  CHECK(daemon.slipway({"secret", "list", "-p", "shop"}).out == "OTHER\n");
  check_refused(daemon.slipway({"secret", "remove", "TOKEN", "-p", "shop"}), "no secret TOKEN");
  check_refused(daemon.slipway({"secret", "list", "-p", "shup"}), "no project shup");
}

TEST_CASE("deliveries are listed with what was decided and why, shown whole, and decided anew") {
  const Folder folder;
  const LiveDaemon daemon(folder.path() / "data");
  check_said(daemon.slipway({"delivery", "list"}), "no deliveries");
  add_shop(daemon);
  CHECK(deliver(daemon, "push", push())["decision"] == "accepted");
  CHECK(deliver(daemon, "push", push(), "another").contains("error"));
  const Ran listed = daemon.slipway({"delivery", "list"});
  CHECK(listed.out.starts_with("2\t"));
  CHECK(row(listed, "1").starts_with("accepted\tshop\tgitea\tpush\t1\t"));
  CHECK(row(listed, "2").starts_with("refused\tshop\tgitea\tpush\t\t"));
  CHECK(row(listed, "2").ends_with("\tx-gitea-signature does not match the body"));
  CHECK(daemon.slipway({"delivery", "list", "-p", "shop", "-L", "1", "--jq", ".[].id"}).out == "2\n");

  const Ran viewed = daemon.slipway({"delivery", "view", "1"});
  CHECK(viewed.code == 0);
  CHECK(viewed.out.find("\ndecision     accepted\n") != std::string::npos);
  CHECK(viewed.out.find("\nreason       push\n") != std::string::npos);
  CHECK(viewed.out.find("\"after\":\"" + kCommit + "\"") != std::string::npos);
  check_refused(daemon.slipway({"delivery", "view", "99"}), "no delivery 99");

  const Ran replayed = daemon.slipway({"delivery", "replay", "1"});
  CHECK(replayed.code == 0);
  CHECK(replayed.out == "accepted: run 2  push (delivery 1 replayed by admin)\n");
  CHECK(state_of(daemon, "2") == "queued \n");
  const Ran refused = daemon.slipway({"delivery", "replay", "2"});
  CHECK(refused.code == 1);
  CHECK(refused.err.starts_with("slipway: the body of delivery 2 was not kept\n"));
}

TEST_CASE("host list says of each host whether it answers, and why not") {
  const Folder folder;
  {
    const LiveDaemon daemon(folder.path() / "none");
    check_said(daemon.slipway({"host", "list"}), "no hosts: declare them under 'hosts' in the daemon's settings");
  }
  const char* tested = std::getenv("SLIPWAY_TEST_ENGINE");
  const std::string engine = tested ? tested : "unix:///var/run/docker.sock";
  const auto config = folder.path() / "slipwayd.yml";
  REQUIRE(write_file(config,
                     "hosts:\n  web1: {endpoint: \"unix:///nonexistent/web1.sock\", groups: [eu, front]}\n"
                     "  web2: {endpoint: \"" +
                         engine + "\"}\n"));
  const LiveDaemon daemon(folder.path() / "data", {}, {{"SLIPWAY_CONFIG", config.string()}});
  const Ran listed = daemon.slipway({"host", "list"});
  CHECK(row(listed, "web1").starts_with("unreachable\teu,front\t\tunix:///nonexistent/web1.sock\t"));
  CHECK(row(listed, "web1").ends_with("No such file or directory"));
  CHECK(row(listed, "web2").starts_with("ok\t\t"));
  const Ran version = daemon.slipway({"host", "list", "--jq", ".[] | select(.name == \"web2\") | .engine_version"});
  CHECK(version.out.size() > 1);
  CHECK(row(listed, "web2").find("\t" + version.out.substr(0, version.out.size() - 1) + "\t" + engine) !=
        std::string::npos);
}

TEST_CASE("app list has each application with its generation and how its last rollout ended") {
  const Folder folder;
  const auto data = folder.path() / "data";
  std::string token;
  {
    LiveDaemon daemon(data);
    token = daemon.token();
    add_shop(daemon);
    check_said(daemon.slipway({"app", "list"}), "no applications yet: a 'deploy' job makes one");
    CHECK(daemon.stop() == 0);
  }
  {
    const auto store = store::Store::open(data);
    REQUIRE(store);
    const Time now = SystemClock().now();
    REQUIRE(run_async((*store)->write(&store::Applications::ensure, std::string("web"), ProjectId(1), now)));
    store::Generation generation;
    generation.application = "web";
    generation.compose = "name: web\nservices: {}\n";
    generation.created = now;
    REQUIRE(run_async((*store)->write(&store::Applications::add_generation, generation)));
    store::Rollout rollout;
    rollout.application = "web";
    rollout.generation = 1;
    rollout.created = now;
    const auto id = run_async((*store)->write(&store::Rollouts::add, rollout));
    REQUIRE(id);
    const auto fence = run_async((*store)->write(&store::Rollouts::lease, *id, now));
    REQUIRE(fence);
    REQUIRE(
        run_async((*store)->write(&store::Applications::promote, std::string("web"), std::int64_t{1}, *fence, now)));
    store::RolloutProgress progress;
    progress.state = "succeeded";
    progress.ended = true;
    progress.at = now;
    REQUIRE(run_async((*store)->write(&store::Rollouts::save, *id, *fence, progress)));
  }
  const LiveDaemon daemon(data, token);
  CHECK(row(daemon.slipway({"app", "list"}), "web").starts_with("shop\t1\tsucceeded\t"));
  CHECK(daemon.slipway({"app", "list", "--json", "name,generation"}).out == "[{\"generation\":1,\"name\":\"web\"}]\n");
}

TEST_CASE("version tells both programs' versions, and its own alone where no daemon answers") {
  const Folder folder;
  const LiveDaemon daemon(folder.path() / "data");
  const std::string ours = run_program({SLIPWAY_PATH, "--version"}).out;
  const Ran both = daemon.slipway({"version"});
  CHECK(both.code == 0);
  CHECK(both.out == ours + run_program({SLIPWAYD_PATH, "--version"}).out);
  const std::map<std::string, std::string> nobody = {{"SLIPWAY_URL", "http://127.0.0.1:9"}};
  const Ran alone = run_program({SLIPWAY_PATH, "version"}, nobody);
  CHECK(alone.code == 0);
  CHECK(alone.out == ours);
  CHECK(run_program({SLIPWAY_PATH, "version", "--jq", ".daemon"}, nobody).out == "null\n");
}

TEST_CASE("lint checks the slipway.yml of the present folder, or the file that is named") {
  const Folder folder;
  const auto lint = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {SLIPWAY_PATH, "lint"});
    return run_program(std::move(words), {}, {}, folder.path());
  };
  const Ran none = lint({});
  CHECK(none.code == 1);
  CHECK(none.err.starts_with("slipway: "));
  CHECK(none.err.find("slipway.yml") != std::string::npos);
  REQUIRE(write_file(folder.path() / "slipway.yml", "on: push\njobs:\n  unit: {image: busybox, run: [make]}\n"));
  check_said(lint({}), "slipway.yml is valid: 1 job, 0 images");
  REQUIRE(write_file(folder.path() / "other.yml", "on: push\njobs:\n  unit: {image: busybox, runn: [make]}\n"));
  const Ran wrong = lint({"other.yml"});
  CHECK(wrong.code == 1);
  CHECK(wrong.out.find("other.yml:3:26: error: ") != std::string::npos);
  CHECK(wrong.out.find("did you mean `run`?") != std::string::npos);
  const Ran json = lint({"other.yml", "--jq", ".[] | select(.column == 26) | [.file, .line, .severity]"});
  CHECK(json.code == 1);
  CHECK(json.out == "[\"other.yml\",3,\"error\"]\n");
}
