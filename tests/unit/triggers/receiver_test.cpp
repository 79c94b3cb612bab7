#include "orchestrator/triggers/receiver.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "tests/unit/store/temporary_store.hpp"
#include "tests/unit/triggers/messages.hpp"

using namespace slipway;
using namespace slipway::triggers;
using store::Decision;

namespace {

const std::string secret = "hook-secret";
constexpr std::int64_t noon_seconds = 1'790'000'000;

/// A store with the projects "shop" and "other", both with the same hook secret.
struct Workshop {
  Workshop() {
    for (const char* name : {"shop", "other", "open"}) {
      store::Project project;
      project.name = name;
      project.clone_url = "https://git.example/team/shop.git";
      if (std::string(name) != "open") project.sealed_hook_secret = "sealed";
      project.created = clock.now();
      REQUIRE(s.write(&store::Projects::add, project));
    }
  }
  Result<Outcome> receive(const std::string& project, std::optional<Source> source, HookMessage message) {
    return run_async(receiver.receive(project, source, std::move(message)));
  }
  std::vector<store::Delivery> ledger() {
    store::DeliveryFilter filter;
    filter.limit = 200;
    return s.read(&store::Deliveries::list, filter).value().items;
  }
  std::vector<store::Run> runs() { return s.read(&store::Runs::list, store::RunFilter()).value().items; }

  store::TemporaryStore s;
  ManualClock clock{Time(std::chrono::seconds(noon_seconds))};
  Pool pool{1};
  std::vector<std::string> coming;  // "project commit"
  Receiver receiver{*s.store, pool, clock, [](const store::Project&) { return Result<Secret>(Secret(secret)); },
                    [this](const store::Project& project, const store::Run& run) {
                      coming.push_back(project.name + " " + run.commit);
                    }};
};

HookMessage hook_message(const std::string& name, bool with_proof = true) {
  const Json file = parse_json(read_file("tests/unit/triggers/testdata/" + name + ".json").value()).value();
  const Source source = *source_of(name.substr(0, name.find('/')));
  HookMessage message = message_from(source, file["event"].get<std::string>(), file["body"].dump());
  if (with_proof) sign(source, message, secret, noon_seconds);
  return message;
}

const std::string commit_none(40, '0');
const std::string commit_one(40, '1');
const std::string commit_two(40, '2');

/// As GitLab and Bitbucket tell it: nothing in it says when.
HookMessage pushed(Source source, const std::string& ref, const std::string& before, const std::string& after) {
  const std::string short_name = ref.substr(ref.rfind('/') + 1);
  const bool tag = ref.starts_with("refs/tags/");
  const auto side = [&](const std::string& id) {
    if (id == commit_none) return Json();
    return Json{{"type", tag ? "tag" : "branch"}, {"name", short_name}, {"target", {{"hash", id}}}};
  };
  Json body = {{"object_kind", tag ? "tag_push" : "push"},
               {"ref", ref},
               {"before", before},
               {"after", after},
               {"checkout_sha", after == commit_none ? Json() : Json(after)}};
  if (source == Source::bitbucket) {
    const Json change = {{"old", side(before)}, {"new", side(after)}};
    body = {{"push", {{"changes", Json::array({change})}}}};
  }
  HookMessage message = message_from(source, source == Source::bitbucket ? "repo:push" : "Push Hook", body.dump());
  sign(source, message, secret, noon_seconds);
  return message;
}

HookMessage signed_by_gitlab(HookMessage message, const std::string& id, std::int64_t seconds) {
  const std::string stamp = std::to_string(seconds);
  set_header(message, "webhook-id", id);
  set_header(message, "webhook-timestamp", stamp);
  const std::string digest = hmac_sha256(secret, id + "." + stamp + "." + message.body);
  set_header(message, "webhook-signature", "v1," + to_base64(digest));
  return message;
}

}  // namespace

TEST_CASE("an accepted delivery is in the ledger together with its run") {
  Workshop shop;
  HookMessage message = hook_message("github/push");
  message.headers.emplace_back("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958");
  message.headers.emplace_back("authorization", "Bearer never-stored");
  const auto outcome = shop.receive("shop", std::nullopt, message);
  REQUIRE(outcome);
  CHECK(outcome->decision == Decision::accepted);
  REQUIRE(outcome->runs.size() == 1);
  const auto delivery = shop.s.read(&store::Deliveries::get, outcome->delivery);
  REQUIRE(delivery);
  CHECK(delivery->source == "github");
  CHECK(delivery->event == "push");
  CHECK(delivery->external_id == "72d3162e-cc78-11e3-81ab-4c9367dc0958");
  CHECK(delivery->run == outcome->runs[0]);
  CHECK(delivery->body == message.body);
  CHECK(delivery->headers.find("signature") == std::string::npos);
  CHECK(delivery->headers.find("never-stored") == std::string::npos);
  CHECK(shop.runs().at(0).commit == std::string(40, '2'));
}

TEST_CASE("a run that is about to be queued is told, one that is ignored, refused or waits for an approval is not") {
  Workshop shop;
  REQUIRE(shop.receive("shop", std::nullopt, hook_message("github/push")));
  CHECK(shop.coming == std::vector<std::string>{"shop " + std::string(40, '2')});
  REQUIRE_FALSE(shop.receive("other", std::nullopt, hook_message("github/push", false)));
  REQUIRE(shop.receive("shop", std::nullopt, hook_message("github/ping"))->decision == Decision::ignored);
  const auto forked = shop.receive("shop", std::nullopt, hook_message("github/pull_request_from_fork"));
  REQUIRE(forked);
  REQUIRE(shop.runs().at(0).state == store::RunState::waiting_approval);
  CHECK(shop.coming.size() == 1);
}

TEST_CASE("the same event and body is a duplicate whatever its id, for this project only") {
  Workshop shop;
  HookMessage message = hook_message("github/push");
  const auto first = shop.receive("shop", std::nullopt, message);
  message.headers.emplace_back("x-github-delivery", "a-new-id");
  const auto again = shop.receive("shop", std::nullopt, message);
  REQUIRE(again);
  CHECK(again->decision == Decision::duplicate);
  CHECK(again->runs.empty());
  CHECK(shop.runs().size() == 1);
  const auto elsewhere = shop.receive("other", std::nullopt, message);
  REQUIRE(elsewhere);
  CHECK(elsewhere->decision == Decision::accepted);
}

TEST_CASE("where a payload does not say when, a push is new once its ref was elsewhere or gone") {
  Workshop shop;
  const Source source = GENERATE(Source::gitlab, Source::bitbucket);
  CAPTURE(name_of(source));
  const auto decision = [&](const std::string& ref, const std::string& before, const std::string& after) {
    const auto outcome = shop.receive("shop", std::nullopt, pushed(source, ref, before, after));
    REQUIRE(outcome);
    return outcome->decision;
  };
  CHECK(decision("refs/tags/v1", commit_none, commit_one) == Decision::accepted);
  CHECK(decision("refs/tags/v1", commit_none, commit_one) == Decision::duplicate);
  CHECK(decision("refs/tags/v2", commit_none, commit_one) == Decision::accepted);
  CHECK(decision("refs/tags/v1", commit_none, commit_one) == Decision::duplicate);
  CHECK(decision("refs/tags/v1", commit_one, commit_none) == Decision::ignored);
  CHECK(decision("refs/tags/v1", commit_none, commit_one) == Decision::accepted);
  CHECK(decision("refs/tags/v1", commit_none, commit_one) == Decision::duplicate);

  CHECK(decision("refs/heads/main", commit_one, commit_two) == Decision::accepted);
  CHECK(decision("refs/heads/main", commit_two, commit_one) == Decision::accepted);
  CHECK(decision("refs/heads/main", commit_one, commit_two) == Decision::accepted);
  CHECK(decision("refs/heads/main", commit_one, commit_two) == Decision::duplicate);
}

TEST_CASE("a push that its forge sends again for want of an answer starts nothing, whatever was pushed meanwhile") {
  Workshop shop;
  const Source source = GENERATE(Source::gitlab, Source::bitbucket);
  CAPTURE(name_of(source));
  const auto decision = [&](const std::string& id, const std::string& before, const std::string& after) {
    HookMessage message = pushed(source, "refs/heads/main", before, after);
    set_header(message, source == Source::gitlab ? "idempotency-key" : "x-request-uuid", id);
    if (source == Source::bitbucket) set_header(message, "x-hook-uuid", "of-the-webhook");
    const auto outcome = shop.receive("shop", std::nullopt, message);
    REQUIRE(outcome);
    return outcome->decision;
  };
  CHECK(decision("one", commit_none, commit_one) == Decision::accepted);
  CHECK(decision("two", commit_one, commit_two) == Decision::accepted);
  CHECK(decision("one", commit_none, commit_one) == Decision::duplicate);
  CHECK(decision("two", commit_one, commit_two) == Decision::duplicate);
  CHECK(shop.runs().size() == 2);
  CHECK(decision("three", commit_none, commit_one) == Decision::accepted);
}

TEST_CASE("where a payload says when, what was accepted once is a duplicate whatever came after it") {
  Workshop shop;
  const HookMessage first = hook_message("github/push");
  Json body = parse_json(first.body).value();
  std::swap(body["before"], body["after"]);
  HookMessage back = message_from(Source::github, "push", body.dump());
  sign(Source::github, back, secret, noon_seconds);
  REQUIRE(shop.receive("shop", std::nullopt, first)->decision == Decision::accepted);
  REQUIRE(shop.receive("shop", std::nullopt, back)->decision == Decision::accepted);
  CHECK(shop.receive("shop", std::nullopt, first)->decision == Decision::duplicate);
}

TEST_CASE("GitLab's signed id tells a second push from one that is sent again") {
  Workshop shop;
  const HookMessage push = pushed(Source::gitlab, "refs/heads/main", commit_one, commit_two);
  const auto decision = [&](const std::string& id, std::int64_t seconds) {
    const auto outcome = shop.receive("shop", std::nullopt, signed_by_gitlab(push, id, seconds));
    REQUIRE(outcome);
    return outcome->decision;
  };
  CHECK(decision("msg_1", noon_seconds) == Decision::accepted);
  CHECK(decision("msg_1", noon_seconds + 60) == Decision::duplicate);
  CHECK(decision("msg_2", noon_seconds) == Decision::accepted);
  CHECK(decision("msg_1", noon_seconds) == Decision::duplicate);
}

TEST_CASE("a delivery that was seen by others starts nothing under another event's or sender's name") {
  Workshop shop;
  const HookMessage request = hook_message("gitea/pull_request_opened");
  REQUIRE(shop.receive("shop", std::nullopt, request)->decision == Decision::accepted);
  HookMessage renamed = request;
  set_header(renamed, "x-gitea-event", "pull_request_sync");
  CHECK(shop.receive("shop", std::nullopt, renamed)->decision == Decision::duplicate);
  HookMessage as_github = message_from(Source::github, "pull_request", request.body);
  set_header(as_github, "x-hub-signature-256", "sha256=" + std::string(request.header("x-gitea-signature")));
  const auto other_sender = shop.receive("shop", std::nullopt, as_github);
  CHECK((!other_sender || other_sender->decision == Decision::duplicate));
  CHECK(shop.runs().size() == 1);
}

TEST_CASE("a delivery starts a run in the project of its URL, whatever its payload says") {
  Workshop shop;
  HookMessage message = message_from(Source::github, "push", hook_message("github/push").body);
  Json body = parse_json(message.body).value();
  body["repository"]["full_name"] = "team/other";
  body["project"] = "other";
  message.body = body.dump();
  sign(Source::github, message, secret, noon_seconds);
  REQUIRE(shop.receive("shop", std::nullopt, message));
  const auto project = shop.s.read(&store::Projects::find, std::string("shop"));
  CHECK(shop.runs().at(0).project == project->id);
}

TEST_CASE("what is not proven is refused and filed without its body") {
  Workshop shop;
  for (const char* name : {"github/push", "gitlab/push", "gitea/push", "bitbucket/push", "distribution/push"}) {
    const auto outcome = shop.receive("shop", std::nullopt, hook_message(name, false));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().kind == Error::Kind::unauthorized);
  }
  CHECK(shop.receive("open", std::nullopt, hook_message("github/push")).error().kind == Error::Kind::unauthorized);
  REQUIRE(shop.ledger().size() == 6);
  for (const store::Delivery& entry : shop.ledger()) {
    CHECK(entry.decision == Decision::refused);
    CHECK_FALSE(entry.reason.empty());
    CHECK(shop.s.read(&store::Deliveries::get, entry.id)->body.empty());
  }
  CHECK(shop.runs().empty());
}

TEST_CASE("what is proven but makes no sense is refused and kept to be looked at") {
  Workshop shop;
  HookMessage message = message_from(Source::github, "push", R"({"ref": "--upload-pack=x"})");
  sign(Source::github, message, secret, noon_seconds);
  const auto outcome = shop.receive("shop", std::nullopt, message);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().kind == Error::Kind::invalid);
  const auto entry = shop.s.read(&store::Deliveries::get, shop.ledger().at(0).id);
  CHECK(entry->decision == Decision::refused);
  CHECK(entry->body == message.body);
  const auto replayed = run_async(shop.receiver.replay(entry->id, "ann"));
  CHECK(replayed.error().kind == Error::Kind::invalid);
}

TEST_CASE("a minute's refusals are filed up to a bound, and the next minute's again") {
  Workshop shop;
  for (int i = 0; i < 100; ++i) CHECK_FALSE(shop.receive("shop", Source::github, hook_message("github/push", false)));
  CHECK(shop.ledger().size() == 30);
  shop.clock.advance(std::chrono::minutes(1));
  CHECK_FALSE(shop.receive("shop", Source::github, hook_message("github/push", false)));
  CHECK(shop.ledger().size() == 31);
}

TEST_CASE("no such project and a sender that nobody can tell file nothing") {
  Workshop shop;
  CHECK(shop.receive("none", std::nullopt, hook_message("github/push")).error().kind == Error::Kind::not_found);
  CHECK(shop.receive("shop", std::nullopt, hook_message("dockerhub/push")).error().kind == Error::Kind::invalid);
  CHECK(shop.ledger().empty());
}

TEST_CASE("one message with several events is several entries, committed as one") {
  Workshop shop;
  const std::uint64_t before = shop.s.store->commits();
  const auto outcome = shop.receive("shop", std::nullopt, hook_message("bitbucket/push_several"));
  REQUIRE(outcome);
  CHECK(outcome->decision == Decision::accepted);
  CHECK(outcome->runs.size() == 2);
  CHECK(shop.ledger().size() == 3);
  CHECK(shop.s.store->commits() == before + 1);
  const auto again = shop.receive("shop", std::nullopt, hook_message("bitbucket/push_several"));
  REQUIRE(again);
  CHECK(again->runs.empty());
}

TEST_CASE("a body over 1 MiB is taken but not kept, so it can't be replayed") {
  Workshop shop;
  Json body = parse_json(hook_message("github/push").body).value();
  body["padding"] = std::string(2 << 20, 'x');
  HookMessage message = message_from(Source::github, "push", body.dump());
  sign(Source::github, message, secret, noon_seconds);
  const auto outcome = shop.receive("shop", std::nullopt, message);
  REQUIRE(outcome);
  CHECK(outcome->decision == Decision::accepted);
  CHECK(run_async(shop.receiver.replay(outcome->delivery, "ann")).error().kind == Error::Kind::conflict);
}

TEST_CASE("replaying decides again by the project's present settings") {
  Workshop shop;
  const auto first = shop.receive("shop", std::nullopt, hook_message("github/pull_request_from_fork"));
  REQUIRE(first);
  CHECK(shop.runs().at(0).state == store::RunState::waiting_approval);
  auto project = shop.s.read(&store::Projects::find, std::string("shop")).value();
  project.settings.forks = store::ForkPolicy::ignore;
  REQUIRE(shop.s.write(&store::Projects::update, project));
  const auto replayed = run_async(shop.receiver.replay(first->delivery, "ann"));
  REQUIRE(replayed);
  CHECK(replayed->decision == Decision::ignored);
  CHECK(shop.ledger().at(0).reason.find("replayed by ann") != std::string::npos);
  CHECK(run_async(shop.receiver.replay(DeliveryId(4711), "ann")).error().kind == Error::Kind::not_found);
}

TEST_CASE("every sender's delivery can be replayed from what the ledger keeps") {
  Workshop shop;
  for (const char* name : {"github/push", "gitlab/push", "gitea/push", "bitbucket/push", "distribution/push",
                           "dockerhub/push", "harbor/push", "generic/push"}) {
    CAPTURE(name);
    const Source source = *source_of(std::string(name).substr(0, std::string(name).find('/')));
    const auto first = shop.receive("shop", source, hook_message(name));
    REQUIRE(first);
    CHECK(first->decision == Decision::accepted);
    const auto replayed = run_async(shop.receiver.replay(first->delivery, "ann"));
    REQUIRE(replayed);
    CHECK(replayed->decision == Decision::accepted);
  }
}
