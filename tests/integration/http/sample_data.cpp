#include "tests/integration/http/sample_data.hpp"

#include <catch2/catch.hpp>

#include "base/encoding.hpp"
#include "orchestrator/store/attempts.hpp"
#include "orchestrator/store/audit.hpp"
#include "orchestrator/store/images.hpp"

namespace slipway::http {
namespace {

const std::string commit = "0123456789abcdef0123456789abcdef01234567";

template <class... A>
auto must(LiveServer& live, A... arguments) {
  auto done = live.on_io(live.store->write(std::move(arguments)...));
  INFO((done ? std::string() : done.error().message));
  REQUIRE(done);
  if constexpr (!std::is_same_v<decltype(done), Result<void>>) return std::move(*done);
}

void run_a_step(LiveServer& live, RunId run, Time now) {
  store::Attempt attempt;
  attempt.key = store::AttemptKey(run, "unit", "test", 1);
  attempt.container_name = "slip-test";
  attempt.log_name = "unit.test.a1";
  attempt.created = now;
  must(live, &store::Attempts::intend, attempt);
  must(live, &store::Attempts::created, attempt.key, std::string("c0ffee"));
  must(live, &store::Attempts::running, attempt.key, now);
  store::AttemptExit how;
  how.exit_code = 1;
  how.finished = now;
  how.log.content_bytes = 11;
  must(live, &store::Attempts::exited, attempt.key, how);
}

void build_and_push(LiveServer& live, RunId run, Time now) {
  store::BuiltImage built;
  built.run = run;
  built.name = "app";
  built.config_id = "sha256:" + std::string(64, 'a');
  built.built = now;
  must(live, &store::Images::built, built);
  store::PushedImage push;
  push.run = run;
  push.image = "app";
  push.repository = "registry.example/shop/app";
  push.tag = "latest";
  push.config_id = built.config_id;
  push.updated = now;
  must(live, &store::Images::intend_push, push);
}

}  // namespace

SampleData::SampleData(LiveServer& live) {
  const Time now = live.clock.now();
  store::Project shop;
  shop.name = "shop";
  shop.clone_url = "https://git.example/team/shop.git";
  shop.sealed_hook_secret = "sealed";
  shop.created = now;
  project = must(live, &store::Projects::add, shop);
  store::ProjectSecret secret;
  secret.project = project;
  secret.name = "DEPLOY_KEY";
  secret.sealed = "sealed";
  secret.updated = now;
  must(live, &store::Projects::set_secret, secret);

  store::AuditEntry change(now, "ann", "project.add");
  change.data = R"({"name": "shop"})";
  must(live, &store::Audit::add, change);
  store::AuditEntry word(now, "ben", "app.approve");
  word.rollout = RolloutId(5);
  must(live, &store::Audit::add, word);

  store::Run run;
  run.project = project;
  run.event = store::Trigger::push;
  run.ref = "refs/heads/main";
  run.branch = "main";
  run.commit = commit;
  run.trusted = true;
  run.parameters = R"({"env": "prod"})";
  run.created = now;
  finished = must(live, &store::Runs::add, run);
  must(live, &store::Runs::prepare, finished, now);
  std::vector<store::Job> jobs(3);
  jobs[0].name = "app";
  jobs[0].kind = store::JobKind::build;
  jobs[1].name = "unit";
  jobs[2].name = "publish";
  jobs[2].kind = store::JobKind::push;
  must(live, &store::Runs::start, finished, std::string("{}"), jobs, now, now);
  for (const store::Job& job : jobs) {
    must(live, &store::Jobs::start_attempt, store::JobKey(finished, job.kind, job.name), std::int64_t{1}, now, now);
  }
  run_a_step(live, finished, now);
  build_and_push(live, finished, now);
  write_log(live, finished, "unit.test.a1", {"hello", "wor\xffld"}, true);
  write_log(live, finished, "image.app.a1", {"built"}, true);
  write_log(live, finished, "publish.a1", {"pushed"}, true);
  write_log(live, finished, "plan", {"slipway.yml:3:5: error: unknown key `runn`"}, true);
  must(live, &store::Runs::finish, finished, store::Verdict::failed, std::string("unit failed"), now);

  store::Delivery sent;
  sent.project = project;
  sent.source = "generic";
  sent.event = "push";
  sent.received = now;
  sent.headers = R"({"content-type": "application/json"})";
  sent.body = R"({"event":"push","ref":"refs/heads/main","after":")" + commit + "\"}";
  sent.decision = store::Decision::accepted;
  sent.reason = "push";
  std::vector<store::Run> runs{run};
  const auto recorded = must(live, &store::Deliveries::record, sent, runs);
  delivery = recorded.delivery;
  queued = recorded.runs.at(0);
}

std::int64_t stamp_now(const LiveServer& live) {
  return std::chrono::floor<std::chrono::seconds>(live.clock.now()).time_since_epoch().count();
}

HttpResponse post_hook(LiveServer& live, const std::string& project, const std::string& body, std::int64_t when) {
  const std::string stamp = std::to_string(when);
  const std::string signature = to_hex(hmac_sha256("hook-secret", stamp + "." + body));
  HttpHeaders headers{{"X-Slipway-Timestamp", stamp}, {"X-Slipway-Signature", "sha256=" + signature}};
  return live.send("POST", "/hooks/" + project, "", body, std::move(headers));
}

namespace {
awaitable<Result<void>> append(logs::LogStore& logs, logs::LogKey key, std::vector<std::string> lines, bool end) {
  logs::LogReader& reader = logs;
  std::uint64_t size = 0;
  Result<logs::LogChunk> known = co_await reader.read(key, 0);
  while (known && !known->records.empty()) {
    size = known->next;
    known = co_await reader.read(key, size);
  }
  Result<std::unique_ptr<logs::LogWriter>> writer = co_await logs.open(key, size);
  if (!writer) co_return fail(writer.error());
  std::string records;
  for (const std::string& line : lines) {
    logs::append_record(records, "2026-11-25T01:28:51.123456789Z", logs::Stream::out, true, line);
  }
  if (Result<void> done = (*writer)->append(records); !done) co_return done;
  const auto synced = co_await (*writer)->sync();
  if (!synced) co_return fail(synced.error());
  if (!end) co_return Result<void>();
  co_return co_await (*writer)->seal();
}
}  // namespace

void write_log(LiveServer& live, RunId run, const std::string& name, const std::vector<std::string>& lines, bool end) {
  const auto done = live.on_io(append(live.logs, logs::LogKey(run, name), lines, end));
  INFO((done ? std::string() : done.error().message));
  REQUIRE(done);
}

}  // namespace slipway::http
