#include "orchestrator/notify/forge.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"

using namespace slipway;
using namespace slipway::notify;
using store::Forge;
using store::RunState;
using store::Verdict;

namespace {

const std::string some_commit(40, 'a');

store::Project project_of(Forge forge, std::string clone_url, std::string forge_url = "") {
  store::Project project;
  project.name = "shop";
  project.forge = forge;
  project.clone_url = std::move(clone_url);
  project.settings.forge_url = std::move(forge_url);
  return project;
}

ForgeProject at(Forge forge, const std::string& clone_url, const std::string& forge_url = "") {
  auto found = forge_project(project_of(forge, clone_url, forge_url), Secret("t0ken"));
  INFO((found ? std::string() : found.error().message));
  REQUIRE(found);
  return std::move(*found);
}

CommitStatus passed() {
  CommitStatus status;
  status.commit = some_commit;
  status.context = "ci/slipway/push/slipway";
  status.state = RunState::finished;
  status.verdict = Verdict::passed;
  status.description = "Run 3: passed";
  status.target_url = "https://ci.example/runs/12";
  return status;
}

std::string header(const HttpRequest& request, const std::string& name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("the API and the repository follow from the clone URL") {
  const std::tuple<Forge, const char*, const char*, const char*> cases[] = {
      {Forge::github, "https://github.com/team/shop.git", "https://api.github.com", "team/shop"},
      {Forge::github, "git@github.com:team/shop.git", "https://api.github.com", "team/shop"},
      {Forge::github, "https://ghe.example/team/shop", "https://ghe.example/api/v3", "team/shop"},
      {Forge::gitlab, "https://gitlab.example:8443/team/sub/shop.git", "https://gitlab.example:8443/api/v4",
       "team/sub/shop"},
      {Forge::gitlab, "ssh://git@gitlab.example:2222/team/shop.git", "https://gitlab.example/api/v4", "team/shop"},
      {Forge::gitea, "http://gitea.example:3000/team/shop.git", "http://gitea.example:3000/api/v1", "team/shop"},
      {Forge::forgejo, "https://ann@codeberg.org/team/shop/", "https://codeberg.org/api/v1", "team/shop"},
      {Forge::bitbucket, "git@bitbucket.org:team/shop.git", "https://api.bitbucket.org/2.0", "team/shop"},
  };
  for (const auto& [forge, clone_url, api, repository] : cases) {
    CAPTURE(clone_url);
    const ForgeProject found = at(forge, clone_url);
    CHECK(found.api == api);
    CHECK(found.repository == repository);
  }
}

TEST_CASE("the project's own forge URL wins") {
  CHECK(at(Forge::gitlab, "https://git.example/team/shop.git", "http://127.0.0.1:8000/gitlab/api/v4/").api ==
        "http://127.0.0.1:8000/gitlab/api/v4");
}

TEST_CASE("a clone URL without host or repository is an error that says what is missing") {
  for (const char* url : {"", "/srv/git/shop.git", "shop.git", "file:///srv/git/shop.git", "https://", "https://host",
                          "https:///team/shop", "git@host:", "git@host:shop.git"}) {
    CAPTURE(url);
    const auto found = forge_project(project_of(Forge::github, url), Secret("t"));
    REQUIRE_FALSE(found);
    CHECK(found.error().kind == Error::Kind::invalid);
  }
  CHECK_FALSE(forge_project(project_of(Forge::none, "https://github.com/team/shop"), Secret("t")));
}

TEST_CASE("projects of one forge are known to be so, whatever their repositories") {
  CHECK(forge_host(project_of(Forge::github, "git@github.com:team/shop.git")) == "api.github.com");
  CHECK(forge_host(project_of(Forge::github, "https://github.com/other/blog")) == "api.github.com");
  CHECK(forge_host(project_of(Forge::gitea, "https://Git.example:3000/team/shop.git")) == "git.example:3000");
  CHECK(forge_host(project_of(Forge::gitlab, "git@x.example:a/b.git", "https://git.example/api/v4/")) == "git.example");
  CHECK(forge_host(project_of(Forge::gitea, "git@x.example:a/b.git", "http://git.example")) == "git.example");
  CHECK(forge_host(project_of(Forge::gitea, "/srv/git/shop.git")).empty());
  CHECK(forge_host(project_of(Forge::none, "https://github.com/team/shop")).empty());
}

TEST_CASE("each forge has its word for each state and verdict") {
  const std::tuple<RunState, Verdict, const char*, const char*, const char*, const char*> table[] = {
      {RunState::queued, Verdict::none, "pending", "pending", "pending", "INPROGRESS"},
      {RunState::waiting_approval, Verdict::none, "pending", "pending", "pending", "INPROGRESS"},
      {RunState::preparing, Verdict::none, "pending", "running", "pending", "INPROGRESS"},
      {RunState::running, Verdict::none, "pending", "running", "pending", "INPROGRESS"},
      {RunState::finished, Verdict::passed, "success", "success", "success", "SUCCESSFUL"},
      {RunState::finished, Verdict::failed, "failure", "failed", "failure", "FAILED"},
      {RunState::finished, Verdict::error, "error", "failed", "error", "FAILED"},
      {RunState::finished, Verdict::interrupted, "error", "failed", "error", "FAILED"},
      {RunState::finished, Verdict::cancelled, "error", "canceled", "error", "STOPPED"},
      {RunState::finished, Verdict::superseded, "error", "canceled", "error", "STOPPED"},
      {RunState::finished, Verdict::skipped, "success", "skipped", "success", "SUCCESSFUL"},
  };
  for (const auto& [state, verdict, github, gitlab, gitea, bitbucket] : table) {
    CAPTURE(store::name_of(state), store::name_of(verdict));
    CHECK(state_word(Forge::github, state, verdict) == github);
    CHECK(state_word(Forge::gitlab, state, verdict) == gitlab);
    CHECK(state_word(Forge::gitea, state, verdict) == gitea);
    CHECK(state_word(Forge::forgejo, state, verdict) == gitea);
    CHECK(state_word(Forge::bitbucket, state, verdict) == bitbucket);
  }
}

TEST_CASE("GitHub, Gitea and Forgejo get a status by repository and commit") {
  const std::pair<Forge, const char*> cases[] = {
      {Forge::github, "https://api.github.com/repos/team/shop/statuses/"},
      {Forge::gitea, "https://github.com/api/v1/repos/team/shop/statuses/"},
      {Forge::forgejo, "https://github.com/api/v1/repos/team/shop/statuses/"}};
  for (const auto& [forge, url] : cases) {
    const HttpRequest request = status_request(at(forge, "https://github.com/team/shop"), passed());
    CHECK(request.method == "POST");
    CHECK(request.url == url + some_commit);
    CHECK(request.bearer.reveal() == "t0ken");
    CHECK(header(request, "Content-Type") == "application/json");
    CHECK(parse_json(request.body).value() == Json({{"state", "success"},
                                                    {"context", "ci/slipway/push/slipway"},
                                                    {"description", "Run 3: passed"},
                                                    {"target_url", "https://ci.example/runs/12"}}));
  }
}

TEST_CASE("GitLab gets it by the encoded path of the project") {
  const HttpRequest request = status_request(at(Forge::gitlab, "https://gitlab.com/team/sub/shop"), passed());
  CHECK(request.url == "https://gitlab.com/api/v4/projects/team%2Fsub%2Fshop/statuses/" + some_commit);
  CHECK(parse_json(request.body).value()["name"] == "ci/slipway/push/slipway");
}

TEST_CASE("Bitbucket gets a key of at most 40 characters and always a link") {
  CommitStatus status = passed();
  status.target_url.clear();
  status.context = "ci/slipway/pull_request/" + std::string(60, 'x');
  const HttpRequest request = status_request(at(Forge::bitbucket, "https://bitbucket.org/team/shop"), status);
  CHECK(request.url ==
        "https://api.bitbucket.org/2.0/repositories/team/shop/commit/" + some_commit + "/statuses/build");
  const Json body = parse_json(request.body).value();
  CHECK(body["key"].get<std::string>().size() == 40);
  CHECK(body["name"] == status.context);
  CHECK_FALSE(body["url"].get<std::string>().empty());
  CHECK(body["state"] == "SUCCESSFUL");
}

TEST_CASE("a Bitbucket app password is sent as basic authentication") {
  auto project = forge_project(project_of(Forge::bitbucket, "https://bitbucket.org/team/shop"), Secret("ann:app:pass"));
  const HttpRequest request = status_request(*project, passed());
  CHECK(request.username == "ann");
  CHECK(request.password.reveal() == "app:pass");
  CHECK(request.bearer.empty());
}

TEST_CASE("names from outside can't change where the request goes") {
  const ForgeProject project = at(Forge::github, "https://github.com/te am/..%2f?x=#y");
  const HttpRequest request = status_request(project, passed());
  CHECK(request.url == "https://api.github.com/repos/te%20am/..%252f%3Fx%3D%23y/statuses/" + some_commit);
}

TEST_CASE("a long description is cut between characters") {
  CommitStatus status = passed();
  status.description = "x";
  for (int i = 0; i < 200; ++i) status.description += "\xc3\xa4";
  const HttpRequest request = status_request(at(Forge::github, "https://github.com/team/shop"), status);
  CHECK(parse_json(request.body).value()["description"].get<std::string>().size() == 139);
}

TEST_CASE("a run's status says its id, verdict and reason, and links to it") {
  store::Run run;
  run.id = RunId(12);
  run.number = 3;
  run.commit = some_commit;
  run.event = store::Trigger::pull_request;
  run.state = RunState::finished;
  run.verdict = Verdict::failed;
  run.reason = "job unit failed";
  store::Project project = project_of(Forge::github, "https://github.com/team/shop");
  project.settings.pipeline_file = "ci/deploy.yml";
  const CommitStatus status = status_of(run, project, "https://ci.example");
  CHECK(status.context == "ci/slipway/pull_request/deploy");
  CHECK(status.description == "Run 12: failed, job unit failed");
  CHECK(status.target_url == "https://ci.example/runs/12");
  CHECK(status_of(run, project, "").target_url.empty());
}
