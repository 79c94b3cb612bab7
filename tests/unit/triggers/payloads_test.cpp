// Payloads as each sender documents them, with what they have to become: testdata/<source>/<case>.json.
#include <filesystem>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "base/json.hpp"
#include "orchestrator/triggers/decide.hpp"
#include "orchestrator/triggers/parse.hpp"
#include "tests/unit/triggers/messages.hpp"

using namespace slipway;
using namespace slipway::triggers;
namespace fs = std::filesystem;

namespace {

std::string_view word_of(PullRequestAction action) {
  switch (action) {
    case PullRequestAction::opened:
      return "opened";
    case PullRequestAction::updated:
      return "updated";
    case PullRequestAction::ready:
      return "ready";
    case PullRequestAction::closed:
      return "closed";
    case PullRequestAction::other:
      return "other";
  }
  return "";
}

/// An event and the decision on it, as the files write it.
Json written(const TriggerEvent& event, const Decided& decided) {
  Json out = {{"kind", name_of(event.kind)},
              {"ref", event.ref},
              {"branch", event.branch},
              {"tag", event.tag},
              {"commit", event.commit},
              {"base_commit", event.base_commit},
              {"deleted", event.deleted},
              {"paths", event.paths_known ? Json(event.changed_paths) : Json()},
              {"title", event.title},
              {"author", event.author},
              {"decision", store::name_of(decided.decision)},
              {"reason", decided.reason}};
  if (event.pull_request) {
    const PullRequest& request = *event.pull_request;
    out["pull_request"] = {{"number", request.number},
                           {"action", word_of(request.action)},
                           {"from_fork", request.from_fork},
                           {"draft", request.draft},
                           {"head_repository", request.head_repository},
                           {"head_branch", request.head_branch},
                           {"base_branch", request.base_branch}};
  }
  if (event.registry) {
    out["registry"] = {
        {"image", event.registry->image}, {"tag", event.registry->tag}, {"digest", event.registry->digest}};
  }
  return out;
}

}  // namespace

TEST_CASE("every payload becomes the event and the decision that its file says") {
  const store::Project project;
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator("tests/unit/triggers/testdata")) {
    if (entry.path().extension() != ".json") continue;
    CAPTURE(entry.path().string());
    const auto source = source_of(entry.path().parent_path().filename().string());
    REQUIRE(source);
    const Json file = parse_json(read_file(entry.path()).value()).value();
    const HookMessage message = message_from(*source, file["event"].get<std::string>(), file["body"].dump());
    const auto events = parse(*source, message);
    INFO((events ? std::string() : events.error().message));
    REQUIRE(events);
    Json got = Json::array();
    for (const Parsed& parsed : *events) got.push_back(written(parsed.event, decide(parsed.event, project)));
    CHECK(got == file["expect"]);
    ++files;
  }
  CHECK(files >= 63);
}

TEST_CASE("an event out of a message with several can be parsed again on its own") {
  for (const auto& [source, name] : {std::pair{Source::bitbucket, "bitbucket/push_several"},
                                     std::pair{Source::distribution, "distribution/several"}}) {
    const std::string path = std::string("tests/unit/triggers/testdata/") + name + ".json";
    const Json file = parse_json(read_file(path).value()).value();
    const std::string event = file["event"].get<std::string>();
    const auto all = parse(source, message_from(source, event, file["body"].dump()));
    REQUIRE(all);
    REQUIRE(all->size() >= 2);
    for (const Parsed& parsed : *all) {
      REQUIRE_FALSE(parsed.body.empty());
      const auto alone = parse(source, message_from(source, event, parsed.body));
      REQUIRE(alone);
      REQUIRE(alone->size() == 1);
      CHECK(alone->front().event.ref == parsed.event.ref);
      CHECK(alone->front().event.commit == parsed.event.commit);
      CHECK(alone->front().event.title == parsed.event.title);
      CHECK(alone->front().event.author == parsed.event.author);
    }
  }
}

TEST_CASE("GitHub's form encoding holds the same payload") {
  const std::string path = "tests/unit/triggers/testdata/github/push.json";
  const Json file = parse_json(read_file(path).value()).value();
  std::string form = "payload=";
  for (const unsigned char c : file["body"].dump()) {
    char code[4];
    std::snprintf(code, sizeof code, "%%%02X", c);
    form += c == ' ' ? "+" : code;
  }
  HookMessage message = message_from(Source::github, "push", form);
  set_header(message, "content-type", "application/x-www-form-urlencoded");
  const auto events = parse(Source::github, message);
  REQUIRE(events);
  CHECK(events->front().event.ref == "refs/heads/main");
  CHECK(events->front().event.title == "Fix the till");
  for (const char* bad : {"", "payload=", "payload=%", "payload=%7", "other=1", "payload=%7B&payload=%7B%7D"}) {
    message.body = bad;
    CHECK_FALSE(parse(Source::github, message));
  }
}

TEST_CASE("senders are recognised by their headers, Forgejo and Gitea before GitHub") {
  const auto by = [](std::initializer_list<const char*> headers) {
    HookMessage message;
    for (const char* name : headers) message.headers.emplace_back(name, "push");
    return detect(message);
  };
  CHECK(by({"x-github-event"}) == Source::github);
  CHECK(by({"x-github-event", "x-gitea-event"}) == Source::gitea);
  CHECK(by({"x-github-event", "x-forgejo-event"}) == Source::gitea);
  CHECK(by({"x-gitlab-event"}) == Source::gitlab);
  CHECK(by({"x-event-key"}) == Source::bitbucket);
  CHECK(by({"x-slipway-signature"}) == Source::generic);
  CHECK_FALSE(by({"user-agent"}));
  CHECK(detect(message_from(Source::distribution, "", "{}")) == Source::distribution);
  for (const char* name :
       {"github", "gitlab", "gitea", "bitbucket", "distribution", "dockerhub", "harbor", "generic"}) {
    CHECK(name_of(*source_of(name)) == name);
  }
  CHECK(source_of("forgejo") == Source::gitea);
  CHECK_FALSE(source_of("sourceforge"));
}
