// What may come with a right signature all the same: whoever can push chooses names, titles and paths.
#include <random>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "base/json.hpp"
#include "orchestrator/triggers/decide.hpp"
#include "orchestrator/triggers/parse.hpp"
#include "orchestrator/triggers/ref_name.hpp"
#include "tests/unit/triggers/messages.hpp"

using namespace slipway;
using namespace slipway::triggers;

namespace {

struct Fixture {
  Source source;
  std::string event;
  Json body;
};

Fixture fixture(const std::string& name) {
  const Json file = parse_json(read_file("tests/unit/triggers/testdata/" + name + ".json").value()).value();
  return {*source_of(name.substr(0, name.find('/'))), file["event"].get<std::string>(), file["body"]};
}

Result<std::vector<Parsed>> parse_body(const Fixture& from, const std::string& body) {
  return parse(from.source, message_from(from.source, from.event, body));
}

const std::vector<std::string>& absurd_names() {
  static const std::vector<std::string> names{"",
                                              "-",
                                              "--upload-pack=touch /tmp/pwned",
                                              "-oProxyCommand=x",
                                              "ext::sh -c x",
                                              "a..b",
                                              "../../etc/passwd",
                                              "a/../b",
                                              "/a",
                                              "a/",
                                              "a//b",
                                              ".hidden",
                                              "a/.hidden",
                                              "a.lock",
                                              "a.lock/b",
                                              "a.",
                                              "@",
                                              "a@{1}",
                                              "a b",
                                              "a\tb",
                                              "a\nb",
                                              "a\rb",
                                              std::string("a\0b", 3),
                                              "a\x7f",
                                              "a\x1b[31m",
                                              "a~1",
                                              "a^",
                                              "a:b",
                                              "a?",
                                              "a*",
                                              "a[b",
                                              "a\\b",
                                              "release/-x",
                                              std::string(10000, 'a'),
                                              std::string(241, 'a')};
  return names;
}

/// Everything that git, the Engine or a log will get to see of it is sound.
void check_sound(const TriggerEvent& event) {
  CHECK((event.ref.empty() || valid_ref(event.ref)));
  CHECK((event.commit.empty() || valid_commit(event.commit)));
  CHECK((event.base_commit.empty() || valid_commit(event.base_commit)));
  CHECK((event.branch.empty() || valid_ref_name(event.branch)));
  CHECK((event.tag.empty() || valid_ref_name(event.tag)));
  CHECK(event.title.size() <= 300);
  CHECK(event.message.size() <= 8192);
  CHECK(event.author.size() <= 100);
  CHECK(event.changed_paths.size() <= 3000);
  CHECK(event.title.find_first_of("\n\r\x1b") == std::string::npos);
  if (event.registry) {
    CHECK(valid_image(event.registry->image));
    CHECK((event.registry->tag.empty() || valid_image_tag(event.registry->tag)));
  }
  const Decided decided = decide(event, store::Project{});
  CHECK((decided.decision == store::Decision::accepted) == decided.run.has_value());
  CHECK_FALSE(decided.reason.empty());
}

const std::vector<std::string>& some_fixtures() {
  static const std::vector<std::string> names{"github/push",
                                              "github/pull_request_opened",
                                              "github/package",
                                              "gitlab/push",
                                              "gitlab/merge_request_open",
                                              "gitea/push",
                                              "gitea/pull_request_opened",
                                              "bitbucket/push_several",
                                              "bitbucket/pull_request_created",
                                              "distribution/several",
                                              "dockerhub/push",
                                              "harbor/push",
                                              "generic/push",
                                              "generic/registry"};
  return names;
}

}  // namespace

TEST_CASE("a push to an absurd ref is refused by every forge's parser") {
  for (const std::string& name : absurd_names()) {
    for (const char* kind : {"refs/heads/", "refs/tags/"}) {
      const std::string ref = kind + name;
      CAPTURE(ref);
      CHECK_FALSE(valid_ref(ref));
      for (const char* file : {"github/push", "gitlab/push", "gitea/push", "generic/push"}) {
        Fixture from = fixture(file);
        from.body["ref"] = ref;
        const auto events = parse_body(from, from.body.dump());
        REQUIRE_FALSE(events);
        CHECK(events.error().kind == Error::Kind::invalid);
        CHECK(events.error().message.size() < 200);
      }
    }
    Fixture bitbucket = fixture("bitbucket/push");
    bitbucket.body["push"]["changes"][0]["new"]["name"] = name;
    CHECK_FALSE(parse_body(bitbucket, bitbucket.body.dump()));
  }
}

TEST_CASE("a ref outside of branches and tags starts nothing") {
  for (const char* ref :
       {"main", "HEAD", "refs/heads", "heads/main", "refs/", "REFS/HEADS/main", "refs\\heads\\main"}) {
    Fixture from = fixture("github/push");
    from.body["ref"] = ref;
    CAPTURE(ref);
    const auto events = parse_body(from, from.body.dump());
    if (events) CHECK(decide(events->front().event, {}).decision == store::Decision::ignored);
  }
}

TEST_CASE("pull requests with absurd branches are refused") {
  for (const std::string& name : absurd_names()) {
    CAPTURE(name);
    Fixture github = fixture("github/pull_request_opened");
    github.body["pull_request"]["head"]["ref"] = name;
    CHECK_FALSE(parse_body(github, github.body.dump()));
    Fixture gitlab = fixture("gitlab/merge_request_open");
    gitlab.body["object_attributes"]["target_branch"] = name;
    CHECK_FALSE(parse_body(gitlab, gitlab.body.dump()));
    Fixture bitbucket = fixture("bitbucket/pull_request_created");
    bitbucket.body["pullrequest"]["source"]["branch"]["name"] = name;
    CHECK_FALSE(parse_body(bitbucket, bitbucket.body.dump()));
  }
}

TEST_CASE("what is no commit id is refused as one") {
  const std::string ids[] = {"",
                             "HEAD",
                             "main",
                             "--all",
                             std::string(39, 'a'),
                             std::string(41, 'a'),
                             std::string(40, 'A'),
                             std::string(40, 'g'),
                             std::string(63, 'a'),
                             std::string(65, 'a'),
                             std::string(40, 'a') + "\n",
                             "0x" + std::string(38, 'a')};
  for (const std::string& id : ids) {
    CAPTURE(id);
    CHECK_FALSE(valid_commit(id));
    Fixture push = fixture("generic/push");
    push.body["after"] = id;
    CHECK_FALSE(parse_body(push, push.body.dump()));
    Fixture request = fixture("github/pull_request_opened");
    request.body["pull_request"]["head"]["sha"] = id;
    CHECK_FALSE(parse_body(request, request.body.dump()));
  }
}

TEST_CASE("a pull request's number is a positive whole one") {
  for (const Json& number :
       {Json(0), Json(-7), Json(1.5), Json("7"), Json(), Json(true), Json(1e300), Json::array({7}), Json(UINT64_MAX)}) {
    CAPTURE(number.dump());
    Fixture github = fixture("github/pull_request_opened");
    github.body["pull_request"]["number"] = number;
    CHECK_FALSE(parse_body(github, github.body.dump()));
  }
}

TEST_CASE("images with absurd names, tags or digests are refused") {
  const std::string names[] = {"",    "-x", "a b", "a\nb", "a//b", "/a", "a/", "../a", "a@b", std::string(300, 'a'),
                               "a/-b"};
  for (const std::string& name : names) {
    CAPTURE(name);
    Fixture from = fixture("generic/registry");
    from.body["image"] = name;
    CHECK_FALSE(parse_body(from, from.body.dump()));
  }
  for (const std::string& tag : {std::string("-x"), std::string(".x"), std::string("a b"), std::string("a/b"),
                                 std::string("a:b"), std::string(129, 'a'), std::string("a\n")}) {
    CAPTURE(tag);
    Fixture from = fixture("dockerhub/push");
    from.body["push_data"]["tag"] = tag;
    CHECK_FALSE(parse_body(from, from.body.dump()));
  }
  for (const char* digest : {"sha256:abc", "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:", "latest"}) {
    CAPTURE(digest);
    Fixture from = fixture("generic/registry");
    from.body["digest"] = digest;
    CHECK_FALSE(parse_body(from, from.body.dump()));
  }
}

TEST_CASE("bodies that are no JSON object are refused for every sender") {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "{\"a\":";
  const std::string bodies[] = {"",
                                " ",
                                "null",
                                "1",
                                "\"x\"",
                                "[]",
                                "[{}]",
                                "{",
                                "{\"a\"}",
                                "{} {}",
                                "{\"a\":1,}",
                                "{'a':1}",
                                "\xff",
                                "{\"a\":\"\xff\"}",
                                "\xef\xbb\xbf",
                                "{\"a\":\"\xed\xa0\x80\"}",
                                "NaN",
                                "{\"a\":1e999999}",
                                std::string("{\0}", 3),
                                std::string(5000, '['),
                                deep};
  for (const std::string& name : some_fixtures()) {
    const Fixture from = fixture(name);
    for (const std::string& body : bodies) {
      CAPTURE(name, body.substr(0, 40));
      const auto events = parse_body(from, body);
      if (!events) CHECK(events.error().message.size() < 300);
      // A byte order mark or a huge number alone does not make sense either.
      CHECK((!events || events->front().event.kind == EventKind::other));
    }
  }
}

TEST_CASE("of a key that comes twice the last counts, everywhere alike") {
  const Fixture from = fixture("generic/push");
  std::string body = from.body.dump();
  body.insert(body.size() - 1, R"(,"ref":"refs/heads/second")");
  const auto events = parse_body(from, body);
  REQUIRE(events);
  CHECK(events->front().event.ref == "refs/heads/second");
  CHECK(events->front().event.branch == "second");
}

TEST_CASE("every field of every payload may be missing or of another type without harm") {
  const Json values[] = {Json(),
                         Json(true),
                         Json(-1),
                         Json(1e308),
                         Json("x"),
                         Json::array(),
                         Json::array({1, "a"}),
                         Json::object(),
                         Json(std::string(5000, 'x'))};
  std::size_t tried = 0;
  for (const std::string& name : some_fixtures()) {
    const Fixture from = fixture(name);
    const Json flat = from.body.flatten();
    for (const auto& [pointer, leaf] : flat.items()) {
      // The leaf itself and what it lies in.
      for (Json::json_pointer place(pointer); !place.empty(); place.pop_back()) {
        for (const Json& value : values) {
          Json changed = from.body;
          changed[place] = value;
          const auto events = parse_body(from, changed.dump());
          if (events) {
            for (const Parsed& parsed : *events) check_sound(parsed.event);
          }
          ++tried;
        }
      }
    }
  }
  CHECK(tried > 5000);
}

TEST_CASE("random damage to payloads is parsed to something sound or refused") {
  std::minstd_rand random(11);
  for (const std::string& name : some_fixtures()) {
    const Fixture from = fixture(name);
    const std::string whole = from.body.dump();
    for (int round = 0; round < 300; ++round) {
      std::string damaged = whole;
      for (int hits = 1 + static_cast<int>(random() % 3); hits > 0; --hits) {
        const std::size_t place = random() % damaged.size();
        switch (random() % 4) {
          case 0:
            damaged[place] = static_cast<char>(random() % 256);
            break;
          case 1:
            damaged.erase(place, 1 + random() % 30);
            break;
          case 2:
            damaged.insert(place, damaged.substr(random() % damaged.size(), random() % 40));
            break;
          default:
            damaged.resize(place + 1);
            break;
        }
      }
      const auto events = parse_body(from, damaged);
      if (!events) continue;
      for (const Parsed& parsed : *events) check_sound(parsed.event);
    }
  }
}

TEST_CASE("titles and authors can't drive a terminal and are cut between characters") {
  Fixture from = fixture("generic/push");
  from.body["title"] = "a\x1b[2J\x07 b\nsecond line";
  from.body["author"] = "Ann\x1b]0;x\x07";
  auto events = parse_body(from, from.body.dump());
  REQUIRE(events);
  CHECK(events->front().event.title == "a [2J  b");
  CHECK(events->front().event.author.find('\x1b') == std::string::npos);
  std::string umlauts;
  for (int i = 0; i < 1000; ++i) umlauts += "\xc3\xa4";
  from.body["title"] = "x" + umlauts;
  events = parse_body(from, from.body.dump());
  REQUIRE(events);
  CHECK(events->front().event.title.size() == 199);
}

TEST_CASE("more paths than anybody looks at are not taken as complete") {
  Fixture from = fixture("generic/push");
  from.body["paths"] = Json::array();
  for (int i = 0; i < 3001; ++i) from.body["paths"].push_back("file " + std::to_string(i));
  const auto events = parse_body(from, from.body.dump());
  REQUIRE(events);
  CHECK_FALSE(events->front().event.paths_known);
  CHECK(events->front().event.changed_paths.empty());
}

TEST_CASE("a message of more events than are taken is refused as a whole") {
  Fixture bitbucket = fixture("bitbucket/push");
  Json& changes = bitbucket.body["push"]["changes"];
  while (changes.size() <= max_events) changes.push_back(changes[0]);
  CHECK(parse_body(bitbucket, bitbucket.body.dump()).error().kind == Error::Kind::too_large);
  Fixture distribution = fixture("distribution/push");
  Json& events = distribution.body["events"];
  while (events.size() <= max_events) events.push_back(events[0]);
  CHECK(parse_body(distribution, distribution.body.dump()).error().kind == Error::Kind::too_large);
}

TEST_CASE("an event's name can't hold more than letters") {
  HookMessage message;
  message.headers.emplace_back("x-github-event", "push\x1b[31m<script>" + std::string(1000, 'x'));
  const std::string name = event_name(Source::github, message);
  CHECK(name.size() == 64);
  CHECK(name.starts_with("push??31m?script?"));
}
