#include "orchestrator/store/audit.hpp"
#include "orchestrator/store/deliveries.hpp"
#include "orchestrator/store/events.hpp"
#include "orchestrator/store/figures.hpp"
#include "orchestrator/store/images.hpp"
#include "orchestrator/store/outbox.hpp"
#include "orchestrator/store/tokens.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::store;

namespace {

template <class E>
void check_names() {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < Names<E>::list.size(); ++i) {
    const auto value = static_cast<E>(i);
    CHECK(from_name<E>(name_of(value)) == value);
    CHECK(seen.insert(name_of(value)).second);
  }
  CHECK_FALSE(from_name<E>("no such name"));
}

PushedImage push(RunId run) {
  PushedImage made;
  made.run = run;
  made.image = "app";
  made.repository = "registry.example/app";
  made.tag = "latest";
  made.config_id = "sha256:c0";
  made.updated = kNoon;
  return made;
}

}  // namespace

TEST_CASE("every word of the records is found again by its name") {
  check_names<Trigger>();
  check_names<RunState>();
  check_names<Verdict>();
  check_names<JobKind>();
  check_names<JobState>();
  check_names<Decision>();
  check_names<Forge>();
  check_names<ForkPolicy>();
  check_names<PushState>();
  check_names<MessageState>();
}

TEST_CASE("a project keeps all that it was given, and what is changed") {
  TemporaryStore s;
  Project project;
  project.name = "shop";
  project.clone_url = "https://git.example/shop.git";
  project.forge = Forge::gitlab;
  project.default_branch = "trunk";
  project.settings.pipeline_file = "ci/slipway.yml";
  project.settings.forge_url = "https://git.example";
  project.settings.forks = ForkPolicy::ignore;
  project.settings.supersede = true;
  project.settings.allow_unsigned = true;
  project.settings.max_runs = 3;
  project.clone_username = "bot";
  project.sealed_clone_password = "p";
  project.sealed_clone_ssh_key = "k";
  project.sealed_hook_secret = "h";
  project.sealed_forge_token = "t";
  project.created = kNoon;
  const ProjectId id = s.write(&Projects::add, project).value();
  CHECK(s.write(&Projects::add, project).error().kind == Error::Kind::conflict);

  const auto check = [&](const Project& got) {
    CHECK(got.clone_url == project.clone_url);
    CHECK(got.forge == Forge::gitlab);
    CHECK(got.default_branch == "trunk");
    CHECK(got.settings.pipeline_file == project.settings.pipeline_file);
    CHECK(got.settings.forge_url == "https://git.example");
    CHECK(got.settings.forks == ForkPolicy::ignore);
    CHECK(got.settings.supersede);
    CHECK(got.settings.allow_unsigned);
    CHECK(got.settings.max_runs == project.settings.max_runs);
    CHECK(got.clone_username == "bot");
    CHECK(got.sealed_clone_password == "p");
    CHECK(got.sealed_clone_ssh_key == "k");
    CHECK(got.sealed_hook_secret == "h");
    CHECK(got.sealed_forge_token == "t");
    CHECK(got.created == kNoon);
  };
  check(s.read(&Projects::get, id).value());
  project.id = id;
  project.settings.max_runs = 7;
  REQUIRE(s.write(&Projects::update, project));
  check(s.read(&Projects::find, "shop").value());
  project.id = ProjectId(9);
  CHECK(s.write(&Projects::update, project).error().kind == Error::Kind::not_found);
}

TEST_CASE("names of projects and secrets are held to their alphabet") {
  for (const char* name : {"a", "0", "shop", "my-shop_2.x"}) CHECK(is_project_name(name));
  for (const char* name : {"", "Shop", "-a", ".", "..", "_a", "a/b", "a b", "ä", "a\n"})
    CHECK_FALSE(is_project_name(name));
  CHECK(is_project_name(std::string(63, 'a')));
  CHECK_FALSE(is_project_name(std::string(64, 'a')));
  for (const char* name : {"A", "_x", "DEPLOY_KEY_2"}) CHECK(is_secret_name(name));
  for (const char* name : {"", "2A", "A-B", "A B", "A=B", "Ä"}) CHECK_FALSE(is_secret_name(name));
  CHECK_FALSE(is_secret_name(std::string(129, 'A')));
  TemporaryStore s;
  Project project;
  project.name = "../etc";
  CHECK(s.write(&Projects::add, project).error().kind == Error::Kind::invalid);
}

TEST_CASE("secrets are set, replaced, and gone with their project") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  REQUIRE(s.write(&Projects::set_secret, ProjectSecret{project, "B", "sealed-1", kNoon}));
  REQUIRE(s.write(&Projects::set_secret, ProjectSecret{project, "A", "sealed-2", kNoon}));
  REQUIRE(s.write(&Projects::set_secret, ProjectSecret{project, "B", "sealed-3", kNoon + Milliseconds(1)}));
  auto secrets = s.read(&Projects::secrets, project).value();
  REQUIRE(secrets.size() == 2);
  CHECK(secrets[0].name == "A");
  CHECK(secrets[1].sealed == "sealed-3");
  CHECK(s.write(&Projects::set_secret, ProjectSecret{project, "A B", "x", kNoon}).error().kind == Error::Kind::invalid);
  CHECK(s.write(&Projects::set_secret, ProjectSecret{ProjectId(9), "A", "x", kNoon}).error().kind ==
        Error::Kind::conflict);
  REQUIRE(s.write(&Projects::remove_secret, project, "A"));
  CHECK(s.write(&Projects::remove_secret, project, "A").error().kind == Error::Kind::not_found);
  REQUIRE(s.write(&Projects::remove, project, kNoon));
  CHECK(s.read(&Projects::secrets, project)->empty());
}

TEST_CASE("a secret that is replaced or removed is kept until the runs have finished that may have been given it") {
  TemporaryStore s;
  const ProjectId project = add_project(s), other = add_project(s, "blog");
  const auto set = [&](ProjectId whose, const std::string& value) {
    REQUIRE(s.write(&Projects::set_secret, ProjectSecret{whose, "A", value, kNoon}));
  };
  const auto former = [&](ProjectId whose) {
    std::string values;
    const auto kept = s.read(&Projects::former_secrets, whose).value();
    for (const ProjectSecret& secret : kept) {
      CHECK(secret.name == "A");
      values += secret.sealed + " ";
    }
    return values;
  };
  const RunId first = add_run(s, project), second = add_run(s, project), waiting = add_run(s, project);
  set(project, "one");
  set(project, "two");  // nothing has begun
  REQUIRE(s.write(&Runs::prepare, first, kNoon));
  set(project, "three");
  REQUIRE(s.write(&Runs::prepare, second, kNoon));
  set(project, "four");
  REQUIRE(s.write(&Projects::remove_secret, project, "A"));
  set(other, "five");
  set(other, "six");
  CHECK(former(project) == "two three four ");
  CHECK(former(other).empty());
  CHECK(s.read(&Projects::secrets, project)->empty());
  s.reopen();
  REQUIRE(s.write(&Runs::finish, second, Verdict::passed, "", kNoon));
  CHECK(former(project) == "two three four ");  // the first may have had each
  REQUIRE(s.write(&Runs::finish, first, Verdict::passed, "", kNoon));
  CHECK(former(project).empty());
  REQUIRE(s.write(&Runs::cancel, waiting, "ann", kNoon));
}

TEST_CASE("a former secret goes though newer runs are under way, which never had it") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const RunId older = add_run(s, project), newer = add_run(s, project);
  REQUIRE(s.write(&Projects::set_secret, ProjectSecret{project, "A", "one", kNoon}));
  REQUIRE(s.write(&Runs::prepare, older, kNoon));
  REQUIRE(s.write(&Projects::set_secret, ProjectSecret{project, "A", "two", kNoon}));
  REQUIRE(s.write(&Runs::prepare, newer, kNoon));
  REQUIRE(s.write(&Runs::finish, older, Verdict::passed, "", kNoon));
  CHECK(s.read(&Projects::former_secrets, project)->empty());
}

TEST_CASE("a push goes from intent to pushed once, and is found by its digest") {
  TemporaryStore s;
  const RunId run = add_run(s, add_project(s));
  CHECK(s.write(&Images::pushed, run, "registry.example/app", "latest", "sha256:d1", kNoon).error().kind ==
        Error::Kind::conflict);
  REQUIRE(s.write(&Images::intend_push, push(run)));
  REQUIRE(s.write(&Images::push_failed, run, "registry.example/app", "latest", "no route", kNoon));
  CHECK(s.read(&Images::find_push, "registry.example/app", "").error().kind == Error::Kind::not_found);
  REQUIRE(s.write(&Images::intend_push, push(run)));
  REQUIRE(s.write(&Images::pushed, run, "registry.example/app", "latest", "sha256:d1", kNoon));
  CHECK(s.write(&Images::intend_push, push(run)).error().kind == Error::Kind::conflict);
  const PushedImage got = s.read(&Images::find_push, "registry.example/app", "sha256:d1").value();
  CHECK(got.run == run);
  CHECK(got.image == "app");
  CHECK(got.config_id == "sha256:c0");
  CHECK(got.reason.empty());
  CHECK(s.read(&Images::find_push, "registry.example/other", "sha256:d1").error().kind == Error::Kind::not_found);
}

TEST_CASE("a tag that has one image is pushed again for another one, and then is of that alone") {
  TemporaryStore s;
  const RunId run = add_run(s, add_project(s));
  REQUIRE(s.write(&Images::intend_push, push(run)));
  REQUIRE(s.write(&Images::pushed, run, "registry.example/app", "latest", "sha256:d1", kNoon));
  PushedImage other = push(run);
  other.config_id = "sha256:c1";
  REQUIRE(s.write(&Images::intend_push, other));
  const PushedImage intended = s.read(&Images::pushed_by, run)->at(0);
  CHECK(intended.state == PushState::intent);
  CHECK(intended.digest.empty());
  REQUIRE(s.write(&Images::pushed, run, "registry.example/app", "latest", "sha256:d2", kNoon));
  const std::vector<PushedImage> got = s.read(&Images::pushed_by, run).value();
  REQUIRE(got.size() == 1);
  CHECK(got[0].config_id == "sha256:c1");
  CHECK(got[0].digest == "sha256:d2");
  CHECK(s.write(&Images::intend_push, other).error().kind == Error::Kind::conflict);
}

TEST_CASE("a rerun inherits what was built and pushed, but not over its own") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const RunId old = add_run(s, project);
  const RunId again = add_run(s, project);
  REQUIRE(s.write(&Images::built, BuiltImage{old, "app", "sha256:c0", "t", 10, false, kNoon}));
  REQUIRE(s.write(&Images::built, BuiltImage{old, "tool", "sha256:c1", "t", 10, false, kNoon}));
  REQUIRE(s.write(&Images::built, BuiltImage{again, "app", "sha256:new", "t", 10, true, kNoon}));
  REQUIRE(s.write(&Images::intend_push, push(old)));
  REQUIRE(s.write(&Images::inherit, again, old));
  auto images = s.read(&Images::built_by, again).value();
  REQUIRE(images.size() == 2);
  CHECK(images[0].config_id == "sha256:new");
  CHECK(images[0].cached);
  CHECK(images[1].config_id == "sha256:c1");
  CHECK(s.read(&Images::pushed_by, again)->empty());
  REQUIRE(s.write(&Images::pushed, old, "registry.example/app", "latest", "sha256:d1", kNoon));
  REQUIRE(s.write(&Images::inherit, again, old));
  CHECK(s.read(&Images::pushed_by, again)->at(0).digest == "sha256:d1");
}

TEST_CASE("of two pending messages about the same thing the newer is sent") {
  TemporaryStore s;
  const auto first = s.write(&Outbox::put, "commit-status", "shop 1", "pending", kNoon).value();
  const auto other = s.write(&Outbox::put, "commit-status", "shop 2", "pending", kNoon).value();
  const auto second = s.write(&Outbox::put, "commit-status", "shop 1", "success", kNoon).value();
  REQUIRE(s.write(&Outbox::sent, first));
  const auto due = s.read(&Outbox::due, kNoon, 10).value();
  REQUIRE(due.size() == 2);
  CHECK(due[0].id == other);
  CHECK(due[1].id == second);
  CHECK(due[1].payload == "success");
}

TEST_CASE("a message is tried again when its time has come, given up, and pruned") {
  TemporaryStore s;
  const auto id = s.write(&Outbox::put, "mail", "x", "{}", kNoon).value();
  const auto later = kNoon + std::chrono::minutes(1);
  REQUIRE(s.write(&Outbox::retry, id, "503", later));
  CHECK(s.read(&Outbox::due, kNoon, 10)->empty());
  CHECK(s.read(&Outbox::next_due, Time{}).value() == later);
  const auto due = s.read(&Outbox::due, later, 10).value();
  REQUIRE(due.size() == 1);
  CHECK(due[0].attempts == 1);
  CHECK(due[0].error == "503");
  CHECK(s.write(&Outbox::prune, later).value() == 0);
  REQUIRE(s.write(&Outbox::bury, id, "404"));
  CHECK_FALSE(s.read(&Outbox::next_due, Time{}).value());
  CHECK(s.write(&Outbox::prune, later).value() == 1);
}

TEST_CASE("what replaces a message that failed is due at once, unless the other side asked to be left alone") {
  using namespace std::chrono_literals;
  TemporaryStore s;
  const auto failed = s.write(&Outbox::put, "commit-status", "shop 1", "pending", kNoon).value();
  REQUIRE(s.write(&Outbox::retry, failed, "503", kNoon + 1h));
  REQUIRE(s.write(&Outbox::put, "commit-status", "shop 1", "running", kNoon));
  CHECK(s.read(&Outbox::next_due, Time{}).value() == kNoon);

  REQUIRE(s.write(&Outbox::hold, "commit-status", "shop 1", kNoon + 2min));
  REQUIRE(s.write(&Outbox::put, "commit-status", "shop 1", "success", kNoon + 1min));
  CHECK(s.read(&Outbox::next_due, Time{}).value() == kNoon + 2min);
  REQUIRE(s.write(&Outbox::put, "commit-status", "shop 1", "failure", kNoon + 3min));
  CHECK(s.read(&Outbox::next_due, Time{}).value() == kNoon + 3min);
  REQUIRE(s.write(&Outbox::put, "commit-status", "shop 2", "pending", kNoon));
  CHECK(s.read(&Outbox::next_due, Time{}).value() == kNoon);
}

TEST_CASE("of the messages that are due those are picked that can be sent, however many others are before them") {
  using namespace std::chrono_literals;
  TemporaryStore s;
  for (int i = 0; i < 300; ++i) REQUIRE(s.write(&Outbox::put, "commit-status", "1/" + std::to_string(i), "", kNoon));
  for (const char* key : {"2/a", "2/b", "2/c"}) REQUIRE(s.write(&Outbox::put, "commit-status", key, "", kNoon + 1s));
  REQUIRE(s.write(&Outbox::put, "commit-status", "2/later", "", kNoon + 1h));
  const std::function<bool(const Message&)> wanted = [](const Message& m) { return m.key.starts_with("2/"); };
  const auto picked = s.read(&Outbox::pick, kNoon + 1min, std::size_t{2}, wanted).value();
  REQUIRE(picked.size() == 2);
  CHECK(picked[0].key == "2/a");
  CHECK(picked[1].key == "2/b");
  CHECK(s.read(&Outbox::pick, kNoon + 1min, std::size_t{9}, wanted)->size() == 3);
  CHECK(s.read(&Outbox::next_due, kNoon + 1min).value() == kNoon + 1h);
  CHECK_FALSE(s.read(&Outbox::next_due, kNoon + 1h).value());
}

TEST_CASE("events are listed from where one was, by what they are about, and pruned") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const RunId one = add_run(s, project);
  const RunId two = add_run(s, project);
  Event event("step.reattached", kNoon);
  event.run = one;
  event.data = R"({"step":"test"})";
  const auto seq = s.write(&Events::append, event).value();
  CHECK(s.store->newest_event() == seq);

  EventFilter filter;
  filter.run = one;
  auto page = s.read(&Events::list, filter).value();
  REQUIRE(page.items.size() == 2);
  CHECK(page.items[1].seq == seq);
  CHECK(page.items[1].project == project);
  CHECK(page.items[1].data == event.data);
  EventFilter all;
  all.limit = 2;
  page = s.read(&Events::list, all).value();
  CHECK(page.items.size() == 2);
  CHECK(page.items[1].run == two);
  all.after = page.next;
  CHECK(s.read(&Events::list, all)->items.at(0).seq == seq);
  EventFilter elsewhere;
  elsewhere.project = ProjectId(9);
  CHECK(s.read(&Events::list, elsewhere)->items.empty());

  CHECK(s.write(&Events::prune, 1).value() == 2);
  CHECK(s.read(&Events::list, EventFilter())->items.size() == 1);
  event.data.assign((16 << 10) + 1, 'x');
  CHECK(s.write(&Events::append, event).error().kind == Error::Kind::too_large);
}

TEST_CASE("who follows a quiet project's events does not look at those of others again") {
  TemporaryStore s;
  const ProjectId quiet = add_project(s, "quiet");
  const ProjectId busy = add_project(s, "busy");
  const auto happen = [&](ProjectId project) {
    Event event("run.queued", kNoon);
    event.project = project;
    return s.write(&Events::append, event).value();
  };
  EventFilter filter;
  filter.project = quiet;
  CHECK(s.read(&Events::since, filter)->reached == 0);
  happen(busy);
  const auto others = happen(busy);
  auto since = s.read(&Events::since, filter).value();
  CHECK(since.items.empty());
  CHECK(since.reached == others);

  filter.after = since.reached;
  const auto first = happen(quiet);
  const auto second = happen(quiet);
  const auto last = happen(busy);
  filter.limit = 1;
  since = s.read(&Events::since, filter).value();
  REQUIRE(since.items.size() == 1);
  CHECK(since.items[0].seq == first);
  CHECK(since.reached == first);
  filter.after = since.reached;
  since = s.read(&Events::since, filter).value();
  REQUIRE(since.items.size() == 1);
  CHECK(since.items[0].seq == second);
  CHECK(since.reached == last);

  filter.after = last + 5;  // of a client that knows a later journal
  CHECK(s.read(&Events::since, filter)->reached == last + 5);
}

TEST_CASE("what befell a run from outside is told apart from its own course") {
  TemporaryStore s;
  const RunId run = add_run(s, add_project(s));
  for (const char* kind : {"engine.lost", "step.running", "engine.back", "step.reattached"}) {
    Event event(kind, kNoon);
    event.run = run;
    REQUIRE(s.write(&Events::append, event));
  }
  const auto incidents = s.read(&Events::incidents, run);
  std::string kinds;
  for (const Event& event : incidents.value()) kinds += event.kind + " ";
  CHECK(kinds == "engine.lost engine.back step.reattached ");
  CHECK(s.read(&Events::incidents, RunId(99))->empty());
}

TEST_CASE("a reason of any length and any bytes ends up in the record and the timeline") {
  TemporaryStore s;
  const RunId run = add_run(s, add_project(s));
  REQUIRE(s.write(&Runs::finish, run, Verdict::error, std::string(1 << 20, '\x01'), kNoon));
  CHECK(s.read(&Runs::get, run)->reason.size() == 4096);
  CHECK(s.read(&Events::list, EventFilter())->items.back().kind == "run.finished");
}

TEST_CASE("the audit trail is read newest first") {
  TemporaryStore s;
  for (const char* what : {"project.add", "secret.set", "run.cancel"}) {
    REQUIRE(s.write(&Audit::add, AuditEntry(kNoon, "ann", what)));
  }
  auto page = s.read(&Audit::list, 0, 2).value();
  REQUIRE(page.items.size() == 2);
  CHECK(page.items[0].what == "run.cancel");
  CHECK(page.items[0].who == "ann");
  page = s.read(&Audit::list, page.next, 2).value();
  REQUIRE(page.items.size() == 1);
  CHECK(page.items[0].what == "project.add");
}

TEST_CASE("the figures count what there is") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const RunId done = add_run(s, project);
  REQUIRE(s.write(&Runs::finish, done, Verdict::passed, "", kNoon));
  add_run(s, project);
  REQUIRE(s.write(&Outbox::put, "mail", "x", "{}", kNoon));
  Delivery delivery;
  delivery.decision = Decision::refused;
  REQUIRE(s.write(&Deliveries::record, delivery, std::vector<Run>()));
  const Figures figures = s.read(&Counts::all).value();
  CHECK(figures.runs_by_state == std::map<std::string, std::int64_t>{{"queued", 1}});
  CHECK(figures.runs_by_verdict == std::map<std::string, std::int64_t>{{"passed", 1}});
  CHECK(figures.deliveries_by_decision == std::map<std::string, std::int64_t>{{"refused", 1}});
  CHECK(figures.messages_by_state == std::map<std::string, std::int64_t>{{"pending", 1}});
  CHECK(figures.open_rollouts == 0);
  CHECK(figures.oldest_queued == kNoon);
}

TEST_CASE("a token has its level and those below it as roles, and the further ones it was given") {
  TemporaryStore s;
  Token token;
  token.name = "ann";
  token.role = Role::maintainer;
  token.roles = {"release", "on-call"};
  token.hash = std::string(64, 'a');
  token.created = kNoon;
  REQUIRE(s.write(&Tokens::add, token));
  const auto found = s.read(&Tokens::find, token.hash);
  REQUIRE(found);
  CHECK(found->roles == token.roles);
  CHECK(all_roles(*found) == std::vector<std::string>{"viewer", "maintainer", "release", "on-call"});
  CHECK_FALSE(is_role_name("admin"));
  CHECK_FALSE(is_role_name("two words"));
  CHECK(is_role_name("on-call"));
}
