#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "orchestrator/store/attempts.hpp"
#include "tests/integration/http/sample_data.hpp"

using namespace slipway;
using namespace slipway::http;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

std::string ask_for_stream(LiveServer& live, const std::string& path, const std::string& headers = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nAuthorization: Bearer " +
         live.token("viewer").reveal() + "\r\n" + headers + "\r\n";
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

RunId add_run(LiveServer& live, ProjectId project) {
  store::Run run;
  run.project = project;
  run.created = live.clock.now();
  const auto added = live.on_io(live.store->write(&store::Runs::add, run));
  REQUIRE(added);
  return *added;
}

}  // namespace

TEST_CASE("the timeline of a finished run is a stream with an end") {
  LiveServer live;
  const SampleData sample(live);
  RawClient client(live.port());
  client.send(ask_for_stream(live, "/api/v1/runs/" + to_string(sample.finished) + "/events"));
  const std::string stream = client.read_all(5s);
  CHECK_THAT(stream, StartsWith("HTTP/1.1 200 OK"));
  CHECK_THAT(stream, Contains("Content-Type: text/event-stream\r\n"));
  CHECK_THAT(stream, Contains("event: run.queued\ndata: {"));
  CHECK_THAT(stream, Contains("event: run.finished\ndata: {"));
  CHECK_THAT(stream, Catch::Matchers::EndsWith("\r\n0\r\n\r\n"));
}

TEST_CASE("a timeline goes on behind the last event that the client has") {
  LiveServer live;
  const SampleData sample(live);
  const std::string path = "/api/v1/runs/" + to_string(sample.finished) + "/events";
  const auto page = parse_json(live.send("GET", path).body);
  REQUIRE(page);
  const Json& items = (*page)["items"];
  REQUIRE(items.size() >= 3);
  const std::string last = items[items.size() - 2]["id"].dump();
  for (const bool by_header : {true, false}) {
    RawClient client(live.port());
    client.send(by_header ? ask_for_stream(live, path, "Last-Event-ID: " + last + "\r\n")
                          : ask_for_stream(live, path + "?after=" + last));
    const std::string stream = client.read_all(5s);
    CHECK(count(stream, "\nevent: ") == 1);
    CHECK_THAT(stream, Contains("id: " + items.back()["id"].dump() + "\n"));
  }
  RawClient wrong(live.port());
  wrong.send(ask_for_stream(live, path, "Last-Event-ID: abc\r\n"));
  CHECK_THAT(wrong.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_CASE("events arrive as they are committed, from now on") {
  LiveServer live;
  const SampleData sample(live);
  RawClient client(live.port());
  client.send(ask_for_stream(live, "/api/v1/events"));
  CHECK_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK"));
  for (int i = 0; i < 3; ++i) {
    const RunId run = add_run(live, sample.project);
    const std::string event = client.read_until("\n\n", 2s);
    CHECK_THAT(event, Contains("event: run.queued"));
    CHECK_THAT(event, Contains("\"run\":" + to_string(run)));
    CHECK_THAT(event, Contains("\"project\":\"shop\""));
  }
}

TEST_CASE("a project's events arrive once each, however much happens elsewhere") {
  LiveServer live;
  const SampleData sample(live);
  store::Project busy;
  busy.name = "busy";
  busy.clone_url = "https://git.example/team/busy.git";
  const auto elsewhere = live.on_io(live.store->write(&store::Projects::add, busy));
  REQUIRE(elsewhere);
  RawClient client(live.port());
  client.send(ask_for_stream(live, "/api/v1/events?project=shop"));
  CHECK_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK"));
  std::string seen;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 5; ++j) add_run(live, *elsewhere);
    const RunId run = add_run(live, sample.project);
    for (int j = 0; j < 5; ++j) add_run(live, *elsewhere);
    const std::string event = client.read_until("\n\n", 10s);
    CHECK_THAT(event, Contains("\"run\":" + to_string(run)));
    seen += event;
  }
  CHECK(count(seen, "\nevent: ") == 3);
  CHECK_THAT(seen, !Contains("busy"));
}

TEST_CASE("a finished log is plain text, JSON lines or events, whole or its end") {
  LiveServer live;
  const SampleData sample(live);
  const std::string path = "/api/v1/runs/" + to_string(sample.finished) + "/jobs/unit/steps/test/logs";
  const HttpResponse text = live.send("GET", path);
  CHECK(text.header("content-type") == "text/plain; charset=utf-8");
  CHECK(text.body == "hello\nwor\xffld\n");
  CHECK(live.send("GET", path + "?tail=1").body == "wor\xffld\n");
  CHECK(live.send("GET", path + "?attempt=1").body == text.body);
  CHECK(live.send("GET", path + "?attempt=2").status == 404);
  CHECK(live.send("GET", path + "?tail=0").status == 400);

  const HttpResponse lines = live.send("GET", path, "viewer", "", {{"Accept", "application/jsonl"}});
  CHECK(lines.header("content-type") == "application/jsonl");
  CHECK(count(lines.body, "\n") == 2);
  const auto second = parse_json(lines.body.substr(lines.body.find('\n') + 1));
  REQUIRE(second);
  CHECK((*second)["text"] == "wor\xef\xbf\xbdld");
  CHECK((*second)["stream"] == "stdout");
  CHECK((*second)["partial"] == false);
  const std::string from = (*second)["offset"].dump();
  CHECK(live.send("GET", path + "?offset=" + from).body == "wor\xffld\n");

  RawClient client(live.port());
  client.send(ask_for_stream(live, path));
  const std::string stream = client.read_all(5s);
  CHECK(count(stream, "event: line\n") == 2);
  CHECK_THAT(stream, Contains("event: end\ndata: {}\n\n"));
}

TEST_CASE("builds, pushes and deployments have logs of their own, jobs of steps have not") {
  LiveServer live;
  const SampleData sample(live);
  const std::string run = "/api/v1/runs/" + to_string(sample.finished);
  CHECK(live.send("GET", run + "/builds/app/logs").body == "built\n");
  CHECK(live.send("GET", run + "/jobs/publish/logs").body == "pushed\n");
  CHECK(live.send("GET", run + "/jobs/publish/logs?attempt=1").body == "pushed\n");
  for (const char* path : {"/jobs/unit/logs", "/jobs/app/logs", "/jobs/none/logs", "/builds/publish/logs",
                           "/builds/none/logs", "/jobs/publish/logs?attempt=2"}) {
    CAPTURE(path);
    CHECK(live.send("GET", run + path).status == 404);
  }
}

TEST_CASE("the errors of a run's pipeline file have a log of their own, which other runs have not") {
  LiveServer live;
  const SampleData sample(live);
  const std::string path = "/api/v1/runs/" + to_string(sample.finished) + "/plan/logs";
  CHECK(live.send("GET", path).body == "slipway.yml:3:5: error: unknown key `runn`\n");
  RawClient client(live.port());
  client.send(ask_for_stream(live, path));
  CHECK_THAT(client.read_all(5s), Contains("unknown key `runn`") && Contains("event: end\ndata: {}\n\n"));
  const std::string queued = "/api/v1/runs/" + to_string(sample.queued) + "/plan/logs";
  const HttpResponse to_come = live.send("GET", queued);
  CHECK(to_come.status == 200);
  CHECK(to_come.body.empty());
  const auto must = [&](auto... arguments) { REQUIRE(live.on_io(live.store->write(std::move(arguments)...))); };
  const Time now = live.clock.now();
  must(&store::Runs::prepare, sample.queued, now);
  must(&store::Runs::start, sample.queued, std::string("{}"), std::vector<store::Job>(), now, now);
  CHECK(live.send("GET", queued).status == 404);
}

TEST_CASE("a log that is gone, or was never begun, is not found and says which; one that is only to come is empty") {
  LiveServer live;
  const SampleData sample(live);
  const RunId run = add_run(live, sample.project);
  const Time now = live.clock.now();
  const auto must = [&](auto... arguments) { REQUIRE(live.on_io(live.store->write(std::move(arguments)...))); };
  std::vector<store::Job> jobs(3);
  jobs[0].name = "app";
  jobs[0].kind = store::JobKind::build;
  jobs[1].name = "unit";
  jobs[2].name = "publish";
  jobs[2].kind = store::JobKind::push;
  must(&store::Runs::prepare, run, now);
  must(&store::Runs::start, run, std::string("{}"), jobs, now, now);
  for (const store::Job& job : jobs) {
    must(&store::Jobs::start_attempt, store::JobKey(run, job.kind, job.name), std::int64_t{1}, now, now);
  }
  const std::string steps[] = {"first", "second"};
  for (const std::string& step : steps) {
    store::Attempt attempt;
    attempt.key = store::AttemptKey(run, "unit", step, 1);
    attempt.container_name = "slip-" + step;
    attempt.log_name = "unit." + step + ".a1";
    attempt.created = now;
    must(&store::Attempts::intend, attempt);
    must(&store::Attempts::created, attempt.key, "c0ffee-" + step);
    if (step == "first") must(&store::Attempts::running, attempt.key, now);
  }
  const std::string path = "/api/v1/runs/" + to_string(run);
  const std::pair<const char*, const char*> expected[] = {
      {"/jobs/unit/steps/first/logs", "the log of step 'first' is gone"},
      {"/jobs/unit/steps/first/logs?tail=3", "the log of step 'first' is gone"},
      {"/jobs/unit/steps/second/logs", "step 'second' was not started"},
      {"/jobs/publish/logs", "the log of job 'publish' is gone"},
      {"/builds/app/logs", "the log of image 'app' is gone"}};
  for (const auto& [log, why] : expected) {
    CAPTURE(log);
    const HttpResponse response = live.send("GET", path + log);
    CHECK(response.status == 200);
    CHECK(response.body.empty());
  }
  must(&store::Runs::finish, run, store::Verdict::failed, std::string("x"), now);
  for (const auto& [log, why] : expected) {
    CAPTURE(log);
    const HttpResponse response = live.send("GET", path + log);
    CHECK(response.status == 404);
    CHECK(text_at(value_at(*parse_json(response.body), "error"), "message") == why);
  }
}

TEST_CASE("a growing log is followed, and resumed without a line lost or doubled") {
  LiveServer live;
  const SampleData sample(live);
  const RunId run = add_run(live, sample.project);
  store::Attempt attempt;
  attempt.key = store::AttemptKey(run, "unit", "test", 1);
  attempt.container_name = "slip-growing";
  attempt.log_name = "unit.test.a1";
  attempt.created = live.clock.now();
  REQUIRE(live.on_io(live.store->write(&store::Attempts::intend, attempt)));
  const std::string path = "/api/v1/runs/" + to_string(run) + "/jobs/unit/steps/test/logs";

  std::string id;
  std::string seen;
  for (int round = 0; round < 5; ++round) {
    const std::string line = "line " + std::to_string(round);
    RawClient client(live.port());
    client.send(ask_for_stream(live, path, id.empty() ? "" : "Last-Event-ID: " + id + "\r\n"));
    std::this_thread::sleep_for(50ms);
    write_log(live, run, "unit.test.a1", {line}, round == 4);
    const std::string event = client.read_until("\n\n", 3s);
    CHECK_THAT(event, Contains(line));
    seen += event;
    const auto start = event.rfind("id: ") + 4;
    id = event.substr(start, event.find('\n', start) - start);
    if (round == 4) CHECK_THAT(client.read_until("\n\n", 3s), Contains("event: end"));
  }
  CHECK(count(seen, "event: line") == 5);
}

TEST_CASE("a stream of a log that was never begun ends when it is known that it never will be") {
  LiveServer live;
  const SampleData sample(live);
  const RunId run = add_run(live, sample.project);
  const auto must = [&](auto... arguments) { REQUIRE(live.on_io(live.store->write(std::move(arguments)...))); };
  std::vector<store::Job> jobs(2);
  jobs[0].name = "app";
  jobs[0].kind = store::JobKind::build;
  jobs[1].name = "unit";
  must(&store::Runs::prepare, run, live.clock.now());
  must(&store::Runs::start, run, std::string("{}"), jobs, live.clock.now(), live.clock.now());
  const store::JobKey build(run, store::JobKind::build, "app");
  const store::JobKey unit(run, store::JobKind::run, "unit");
  for (const store::JobKey& job : {build, unit}) {
    must(&store::Jobs::start_attempt, job, std::int64_t{1}, live.clock.now(), live.clock.now());
  }
  // Made while the step before runs.
  store::Attempt attempt;
  attempt.key = store::AttemptKey(run, "unit", "second", 1);
  attempt.container_name = "slip-second";
  attempt.log_name = "unit.second.a1";
  attempt.created = live.clock.now();
  must(&store::Attempts::intend, attempt);
  must(&store::Attempts::created, attempt.key, std::string("c0ffee"));
  const std::string step = "/api/v1/runs/" + to_string(run) + "/jobs/unit/steps/second/logs";
  const std::string image = "/api/v1/runs/" + to_string(run) + "/builds/app/logs";
  const auto end_of = [&](const std::string& path, const std::function<void()>& what) {
    RawClient client(live.port());
    client.send(ask_for_stream(live, path));
    CHECK_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK"));
    what();
    const std::string stream = client.read_all(10s);
    CHECK_THAT(stream, Contains("event: end\ndata: {}\n\n"));
    CHECK_THAT(stream, Catch::Matchers::EndsWith("\r\n0\r\n\r\n"));
  };

  end_of(image, [&] { must(&store::Jobs::finish, build, store::Verdict::error, std::string("x"), live.clock.now()); });
  SECTION("since its container was removed without having been started") {
    end_of(step, [&] {
      store::AttemptExit how;
      how.error = "cancelled: not run";
      how.finished = live.clock.now();
      must(&store::Attempts::exited, attempt.key, how);
      must(&store::Attempts::removed, attempt.key);
    });
  }
  SECTION("since it could not be created") {
    end_of(step, [&] { must(&store::Attempts::quarantine, attempt.key, std::string("no such image")); });
  }
  SECTION("since its job is over, though its container can't be removed yet") {
    end_of(step, [&] { must(&store::Jobs::finish, unit, store::Verdict::failed, std::string("x"), live.clock.now()); });
  }
  SECTION("since its run is over") {
    end_of(step, [&] { must(&store::Runs::finish, run, store::Verdict::failed, std::string("x"), live.clock.now()); });
  }
  end_of(step, [] {});
  end_of(step + "?tail=5", [] {});
  end_of(image, [] {});
}

TEST_CASE("who waits for a log to begin does not look for it again whenever something happens elsewhere") {
  LiveServer live;
  const SampleData sample(live);
  store::Attempt attempt;
  attempt.key = store::AttemptKey(add_run(live, sample.project), "unit", "test", 1);
  attempt.container_name = "slip-late";
  attempt.log_name = "unit.test.a1";
  attempt.created = live.clock.now();
  REQUIRE(live.on_io(live.store->write(&store::Attempts::intend, attempt)));
  RawClient client(live.port());
  const std::string run = to_string(attempt.key.run);
  client.send(ask_for_stream(live, "/api/v1/runs/" + run + "/jobs/unit/steps/test/logs"));
  CHECK_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK"));
  for (int i = 0; i < 40; ++i) add_run(live, sample.project);
  CHECK(live.counted_logs.asked() <= 4);  // once or twice for each heartbeat that has passed
  write_log(live, attempt.key.run, "unit.test.a1", {"late"}, true);
  CHECK_THAT(client.read_until("\n\n"), Contains("late"));
  CHECK_THAT(client.read_until("\n\n"), Contains("event: end"));
}

TEST_CASE("a service's log is followed after its job has ended, until its container has") {
  LiveServer live;
  const SampleData sample(live);
  store::Attempt attempt;
  attempt.key = store::AttemptKey(sample.finished, "unit", "db", 1);
  attempt.role = store::ContainerRole::service;
  attempt.container_name = "slip-db";
  attempt.log_name = "unit.db.a1";
  attempt.created = live.clock.now();
  REQUIRE(live.on_io(live.store->write(&store::Attempts::intend, attempt)));
  write_log(live, sample.finished, "unit.db.a1", {"up"}, false);
  RawClient client(live.port());
  client.send(ask_for_stream(live, "/api/v1/runs/" + to_string(sample.finished) + "/jobs/unit/steps/db/logs"));
  CHECK_THAT(client.read_until("\n\n"), Contains("up"));
  std::this_thread::sleep_for(50ms);
  write_log(live, sample.finished, "unit.db.a1", {"down"}, true);
  CHECK_THAT(client.read_until("\n\n"), Contains("down"));
  CHECK_THAT(client.read_all(5s), Contains("event: end"));
}

TEST_CASE("a client that does not read its stream is dropped, and the others go on") {
  LiveServer live;
  const SampleData sample(live);
  std::vector<std::string> lines(60000, std::string(200, 'x'));
  write_log(live, sample.queued, "big.test.a1", lines, true);
  store::Attempt attempt;
  attempt.key = store::AttemptKey(sample.queued, "big", "test", 1);
  attempt.container_name = "slip-big";
  attempt.log_name = "big.test.a1";
  attempt.created = live.clock.now();
  REQUIRE(live.on_io(live.store->write(&store::Attempts::intend, attempt)));
  RawClient lazy(live.port());
  lazy.send(ask_for_stream(live, "/api/v1/runs/" + to_string(sample.queued) + "/jobs/big/steps/test/logs"));
  CHECK(live.comes_to_show("slipway_http_slow_readers_total 1"));
  CHECK(live.comes_to_show("slipway_http_streams 0"));
  CHECK(live.send("GET", "/healthz", "").status == 200);
}

TEST_CASE("a client that goes away frees its stream at once") {
  LiveServer live;
  const SampleData sample(live);
  {
    RawClient client(live.port());
    client.send(ask_for_stream(live, "/api/v1/events"));
    client.read_until("\r\n\r\n");
    CHECK(live.comes_to_show("slipway_http_streams 1"));
  }
  CHECK(live.comes_to_show("slipway_http_streams 0"));
}

TEST_CASE("a stream breaks off once its token is revoked or has expired, those of others go on") {
  LiveServer live;
  const SampleData sample(live);
  const auto soon = live.clock.now() + 2s;
  const auto revoked = live.on_io(live.desk.create("revoked", store::Role::viewer));
  const auto expiring = live.on_io(live.desk.create("expiring", store::Role::viewer, soon));
  REQUIRE(revoked);
  REQUIRE(expiring);
  const auto open = [&](const Secret& token) {
    auto client = std::make_unique<RawClient>(live.port());
    client->send("GET /api/v1/events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nAuthorization: Bearer " +
                 token.reveal() + "\r\n\r\n");
    CHECK_THAT(client->read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
    return client;
  };
  const auto other = open(live.token("viewer"));
  const auto first = open(expiring->token);
  const auto second = open(revoked->token);
  CHECK_THAT(first->read_all(), !Contains("0\r\n\r\n"));
  CHECK(live.comes_to_show("slipway_http_streams 2"));
  REQUIRE(live.on_io(live.store->write(&store::Tokens::revoke, revoked->id, live.clock.now())));
  CHECK(second->closed_within(5s));
  CHECK(live.comes_to_show("slipway_http_streams 1"));
  const RunId run = add_run(live, sample.project);
  CHECK_THAT(other->read_until("\n\n", 2s), Contains("\"run\":" + to_string(run)));
}

TEST_CASE("streams are bounded in number") {
  ServerSettings settings = LiveServer::quick();
  settings.limits.streams = 2;
  LiveServer live(settings);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<RawClient>(live.port()));
    clients.back()->send(ask_for_stream(live, "/api/v1/events"));
    CHECK_THAT(clients.back()->read_until("\r\n\r\n"), StartsWith(i < 2 ? "HTTP/1.1 200 " : "HTTP/1.1 503 "));
  }
}

TEST_CASE("stopping ends streams properly, closes what is idle and lets requests finish") {
  auto live = std::make_unique<LiveServer>();
  const SampleData sample(*live);
  RawClient stream(live->port());
  stream.send(ask_for_stream(*live, "/api/v1/events"));
  stream.read_until("\r\n\r\n");
  RawClient idle(live->port());
  live->actions.delay = 100ms;
  RawClient busy(live->port());
  busy.send("GET /api/v1/apps/shop HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + live->token("viewer").reveal() +
            "\r\n\r\n");
  while (live->actions.statuses_asked == 0) std::this_thread::sleep_for(5ms);
  live.reset();
  CHECK_THAT(stream.read_all(1s), Catch::Matchers::EndsWith("0\r\n\r\n"));
  CHECK(idle.closed_within(1s));
  CHECK_THAT(busy.read_all(1s), StartsWith("HTTP/1.1 200 OK"));
}

TEST_CASE("a download that stopping cuts off, with a piece just sent whole, gets no proper end") {
  auto live = std::make_unique<LiveServer>();
  live->actions.backup_waits = true;
  RawClient client(live->port());
  client.send("GET /api/v1/backup HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + live->token("admin").reveal() +
              "\r\n\r\n");
  CHECK_THAT(client.read_until("a tar\r\n"), Catch::Matchers::EndsWith("\r\na tar\r\n"));
  live.reset();
  CHECK(client.read_all(1s).empty());
  CHECK(client.closed_within(1s));
}
