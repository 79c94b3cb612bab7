// What people and programs get wrong, and what some send on purpose: all of it to one daemon, which then does its work.
#include <ctime>

#include "base/encoding.hpp"
#include "tests/integration/daemon/site.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace {

const std::string kSecretOfHook = "what only the sender knows";
const std::string kSomeCommit(40, '2');

std::string push_of(const std::string& ref, const std::string& commit = kSomeCommit) {
  return dump_json({{"event", "push"}, {"ref", ref}, {"after", commit}});
}

/// The headers of a generic webhook with the right proof for `body`, as of `age` seconds ago.
HttpHeaders proof_of(const std::string& body, std::int64_t age = 0) {
  const std::string stamp = std::to_string(std::time(nullptr) - age);
  return {{"X-Slipway-Timestamp", stamp},
          {"X-Slipway-Signature", "sha256=" + to_hex(hmac_sha256(kSecretOfHook, stamp + "." + body))}};
}

/// The first line of what the daemon answers to these bytes.
std::string answer_to(const Site& site, const std::string& bytes) {
  const std::string script =
      "exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(site.daemon->port()) + "; cat >&3; timeout 10 head -n 1 <&3";
  return run_program({"bash", "-c", script}, {}, bytes).out;
}

void send_forged_webhooks(const Site& site) {
  const std::string body = push_of("refs/heads/main");
  const std::string by_another = "sha256=" + to_hex(hmac_sha256("another secret", body));
  const std::string of_another = "sha256=" + to_hex(hmac_sha256(kSecretOfHook, "{}"));
  const std::pair<std::string, HttpHeaders> forged[] = {
      {"", {{"X-GitHub-Event", "push"}}},
      {"", {{"X-GitHub-Event", "push"}, {"X-Hub-Signature-256", "sha256=00"}}},
      {"", {{"X-GitHub-Event", "push"}, {"X-Hub-Signature-256", by_another}}},
      {"", {{"X-GitHub-Event", "push"}, {"X-Hub-Signature-256", of_another}}},
      {"", {{"X-GitHub-Event", "push"}, {"X-Hub-Signature", "sha1=" + std::string(40, '0')}}},
      {"", {{"X-Gitlab-Event", "Push Hook"}}},
      {"", {{"X-Gitlab-Event", "Push Hook"}, {"X-Gitlab-Token", "guessed"}}},
      {"", {{"X-Gitea-Event", "push"}, {"X-Gitea-Signature", "no hex"}}},
      {"", {{"X-Event-Key", "repo:push"}, {"X-Hub-Signature", by_another}}},
      {"/distribution", {{"Authorization", "Bearer guessed"}}},
      {"/harbor", {{"Authorization", "guessed"}}},
      {"/dockerhub?token=guessed", {}},
      {"/generic", proof_of(body, 3600)},
      {"/generic", proof_of("{}")},
  };
  for (const auto& [source, headers] : forged) {
    CAPTURE(source, headers);
    CHECK(site.deliver(source, headers, body).status == 401);
  }
  CHECK(site.deliver("/sourceforge", {}, body).status == 404);
  CHECK(site.daemon->send("POST", "/hooks/nobody/github").status == 404);
}

void send_absurd_payloads(const Site& site) {
  const std::string marker = (site.folder.path() / "pwned").string();
  for (const std::string& body :
       {push_of("refs/heads/--upload-pack=touch " + marker), push_of("refs/heads/../../etc/passwd"),
        push_of("refs/heads/a\nb"), push_of("refs/tags/a@{1}"), push_of("refs/heads/" + std::string(10'000, 'a')),
        push_of("refs/heads/main", "--upload-pack=touch " + marker), std::string("not json"), std::string("[]"),
        std::string(100'000, '['), std::string("{\"event\": \"push\", \"ref\": \"\xff\xfe\"}")}) {
    CAPTURE(body.substr(0, 100));
    CHECK(site.deliver("/generic", proof_of(body), body).status == 400);
  }
}

void send_what_is_too_large(const Site& site) {
  const std::string head = " HTTP/1.1\r\nHost: a\r\n", key = "Authorization: Bearer " + site.daemon->token() + "\r\n";
  const auto announced = [](int bytes) { return "Content-Length: " + std::to_string(bytes) + "\r\n\r\n"; };
  CHECK_THAT(answer_to(site, "POST /hooks/shop" + head + announced((5 << 20) + 1)), Catch::StartsWith("HTTP/1.1 413 "));
  CHECK_THAT(answer_to(site, "POST /api/v1/projects" + head + key + announced((1 << 20) + 1)),
             Catch::StartsWith("HTTP/1.1 413 "));
  CHECK_THAT(answer_to(site, "GET /healthz" + head + "X: " + std::string(20'000, 'x') + "\r\n\r\n"),
             Catch::StartsWith("HTTP/1.1 431 "));
  CHECK_THAT(answer_to(site, "POST /hooks/shop" + head + "Content-Length: -1\r\n\r\n"),
             Catch::StartsWith("HTTP/1.1 400 "));
  CHECK_THAT(answer_to(site, "G\x80T /healthz" + head + "\r\n"), Catch::StartsWith("HTTP/1.1 400 "));
}

void add_hostile_projects(const Site& site) {
  const std::string marker = (site.folder.path() / "pwned").string();
  for (const std::string& url :
       {"ext::sh -c 'touch " + marker + "'", "--upload-pack=touch " + marker, std::string("-oProxyCommand=id"),
        std::string("ssh://-oProxyCommand=id/x"), std::string("git@forge.example:team/--upload-pack=id"),
        std::string("https://user:password@forge.example/x"), std::string("https://forge.example/a%0d%0aHost: b"),
        std::string("https://forge.example/$(id)"), std::string("javascript://forge.example/x"),
        std::string("file:///a/../b"), std::string("fd::17/foo"), "https://forge.example/" + std::string(3000, 'a')}) {
    CAPTURE(url.substr(0, 100));
    const Ran added = site.daemon->slipway({"project", "add", "evil", "--clone-url=" + url});
    CHECK(added.code == 1);
    CHECK_THAT(added.err, Catch::Contains("clone_url"));
  }
  const Json projects = parse_json(site.daemon->send("GET", "/api/v1/projects").body).value();
  CHECK(projects["items"].size() == 1);
}

/// Every route that takes something, by the document that describes them.
void send_broken_json(const Site& site) {
  const Json described = parse_json(read_file("orchestrator/http/openapi.json").value()).value();
  const std::map<std::string, std::string> values = {
      {"{project}", "shop"}, {"{source}", "generic"}, {"{run}", "4711"}, {"{app}", "shop"}, {"{delivery}", "4711"}};
  int routes = 0;
  for (const auto& [pattern, methods] : described["paths"].items()) {
    if (!methods.contains("post")) continue;
    std::string path = pattern;
    for (const auto& [name, value] : values) {
      if (const auto at = path.find(name); at != std::string::npos) path.replace(at, name.size(), value);
    }
    for (const std::string& body : {std::string("{\"name\": "), std::string("[1]"), std::string(50'000, '{'),
                                    std::string("{\"a\": \"\xff\"}"), std::string("\0", 1)}) {
      CAPTURE(path, body.substr(0, 20));
      HttpRequest request("POST", site.daemon->url() + path);
      request.bearer = Secret(site.daemon->token());
      request.headers = {{"Content-Type", "application/json"}};
      request.body = body;
      const Result<HttpResponse> answer = send_http(request);
      REQUIRE(answer);
      CHECK((answer->status == 400 || answer->status == 401 || answer->status == 404 || answer->status == 409));
    }
    ++routes;
  }
  CHECK(routes >= 19);
}

void commit_broken_pipelines(const Site& site) {
  std::string bomb = "a: &a0 [x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "k" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before + "]\n";
  }
  for (const std::string& text :
       {std::string(), bomb, std::string(200'000, '['), std::string("on: push\n\0\x01\xff\n", 13),
        std::string("on: push\njobs:\n  a: {needs: [b], image: busybox, run: [\"true\"]}\n"
                    "  b: {needs: [a], image: busybox, run: [\"true\"]}\n")}) {
    CAPTURE(text.substr(0, 100));
    const std::string commit = site.commit_pipeline(text);
    const Json run = site.finished(site.trigger_at_last());
    INFO(dump_json(run));
    CHECK(run["commit"] == commit);
    CHECK(run["verdict"] == "failed");
    CHECK_THAT(run["reason"].get<std::string>(), Catch::Contains("slipway.yml"));
  }
}

}  // namespace

TEST_CASE("whatever is sent to a daemon, it answers the next one, and a good push is run", "[engine]") {
  const Folder folder;
  Site site(folder, "true");
  REQUIRE(site.daemon->send("PATCH", "/api/v1/projects/shop", {{"hook_secret", kSecretOfHook}}).status == 200);
  send_forged_webhooks(site);
  send_absurd_payloads(site);
  send_what_is_too_large(site);
  add_hostile_projects(site);
  send_broken_json(site);
  commit_broken_pipelines(site);

  const std::string commit =
      site.commit_pipeline("on: {push: {}}\njobs:\n  unit: {image: busybox, network: none, run: [\"echo good\"]}\n");
  const std::string body = push_of("refs/heads/main", commit);
  const HttpResponse taken = site.deliver("/generic", proof_of(body), body);
  INFO(taken.body);
  REQUIRE(taken.status == 202);
  const Json run = site.finished(parse_json(taken.body).value()["run"].get<std::int64_t>());
  CHECK(run["verdict"] == "passed");
  CHECK_THAT(site.log(run), Catch::EndsWith("\ngood\n"));
  CHECK(site.daemon->send("GET", "/healthz").status == 200);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "pwned"));
  CHECK(site.daemon->output().find("Z error ") == std::string::npos);  // nobody has to act
}
