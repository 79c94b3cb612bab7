// The notifier against a real HTTP server that plays the forge.
#include "orchestrator/notify/notifier.hpp"

#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/http/server.hpp"
#include "orchestrator/store/events.hpp"
#include "orchestrator/store/runs.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::notify;
using namespace std::chrono_literals;

namespace {

const std::string commit_a(40, 'a');
const std::string commit_b(40, 'b');

struct Reply {
  int status = 201;
  std::string retry_after = "";
  Duration delay = Duration(0);
};

/// Takes commit statuses at /api/v1/repos/team/shop/statuses/{sha} and answers as it is told to, 201 otherwise.
class Forge {
 public:
  Forge(asio::io_context& io, auth::TokenDesk& desk, const Clock& clock) : gate_(router_, desk, clock) {
    router_.add({"POST", "/api/v1/repos/team/shop/statuses/{sha}", std::nullopt,
                 [this](http::Request request) { return take(std::move(request)); }});
    http::ServerSettings settings;
    settings.port = 0;
    server.emplace(io.get_executor(), gate_, settings);
    REQUIRE(server->start());
  }

  /// "aaaa success", one for each request.
  std::vector<std::string> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  void reply_with(std::deque<Reply> replies) {
    const std::lock_guard lock(mutex_);
    replies_ = std::move(replies);
  }
  std::string authorization() {
    const std::lock_guard lock(mutex_);
    return authorization_;
  }

  std::optional<http::Server> server;

 private:
  Reply note(const http::Request& request) {
    const std::lock_guard lock(mutex_);
    const auto body = parse_json(request.body);
    seen_.push_back(request.parameter("sha").substr(0, 4) + " " + (body ? text_at(*body, "state") : "?"));
    authorization_ = request.header("authorization");
    if (replies_.empty()) return {};
    const Reply reply = replies_.front();
    replies_.pop_front();
    return reply;
  }

  awaitable<Result<http::Response>> take(http::Request request) {
    const Reply reply = note(request);
    if (reply.delay > Duration(0)) co_await sleep_for(reply.delay);
    http::Response response = http::text_response("{}");
    response.status = reply.status;
    if (!reply.retry_after.empty()) response.headers.emplace_back("Retry-After", reply.retry_after);
    co_return response;
  }

  http::Router router_;
  http::Gate gate_;
  std::mutex mutex_;
  std::vector<std::string> seen_;
  std::string authorization_;
  std::deque<Reply> replies_;
};

/// A store, a forge and a notifier that runs on a thread of its own.
class Post {
 public:
  Post() : work_(io_.get_executor()), forge(io_, desk, wall) {
    store::Project shop;
    shop.name = "shop";
    shop.forge = store::Forge::gitea;
    shop.clone_url = "https://git.example/team/shop.git";
    shop.settings.forge_url = "http://127.0.0.1:" + std::to_string(forge.server->port()) + "/api/v1";
    shop.sealed_forge_token = "sealed";
    shop.created = clock.now();
    auto added = s.write(&store::Projects::add, shop);
    REQUIRE(added);
    project = *added;
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Post() {
    on_io([this] { notifier.stop(); });
    if (running_.valid()) running_.get();
    asio::co_spawn(io_, forge.server->stop(100ms), asio::use_future).get();
    work_.reset();
    thread_.join();
  }

  void start() { running_ = asio::co_spawn(io_, notifier.run(), asio::use_future); }
  bool ended_within(Duration limit) { return running_.wait_for(limit) == std::future_status::ready; }
  template <class Work>
  void on_io(Work work) {
    std::promise<void> done;
    asio::post(io_, [&] {
      work();
      done.set_value();
    });
    done.get_future().get();
  }
  RunId add_run(const std::string& commit) { return store::add_run(s, project, commit); }
  RunId add_pull_run(const std::string& commit, std::int64_t pull_request) {
    store::Run run;
    run.project = project;
    run.event = store::Trigger::pull_request;
    run.ref = "refs/pull/" + std::to_string(pull_request) + "/head";
    run.pull_request = pull_request;
    run.commit = commit;
    run.created = clock.now();
    return s.write(&store::Runs::add, run).value();
  }
  void finish(RunId run, store::Verdict verdict) {
    REQUIRE(s.write(&store::Runs::finish, run, verdict, std::string(), clock.now()));
  }
  /// Moves the clock and wakes the notifier.
  void pass(Milliseconds time) {
    on_io([&] { clock.advance(time); });
    REQUIRE(s.write(&store::Events::append, store::Event("test.woke", clock.now())));
  }
  /// Waits until the forge has seen `count` requests, then a little for one too many.
  std::vector<std::string> wait_for(std::size_t count) {
    for (int i = 0; i < 100 && forge.seen().size() < count; ++i) std::this_thread::sleep_for(50ms);
    std::this_thread::sleep_for(350ms);
    return forge.seen();
  }
  std::int64_t count(const char* state) {
    std::int64_t found = 0;
    auto work = [&](store::Transaction& tx) -> Result<void> {
      tx.run("SELECT count(*) FROM outbox WHERE state = ?1", {state}, [&](const store::Row& row) { row.into(found); });
      return {};
    };
    REQUIRE(s.read(work));
    return found;
  }

 private:
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;

 public:
  store::TemporaryStore s;
  SystemClock wall;
  ManualClock clock{store::kNoon};
  auth::TokenDesk desk{*s.store, wall};
  Pool pool{16};
  Forge forge;
  Notifier notifier{*s.store, pool, clock, [](const store::Project&) { return Result<Secret>(Secret("t0ken")); },
                    "https://ci.example"};
  ProjectId project;

 private:
  std::future<void> running_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a run's states reach the forge, each as it comes") {
  Post post;
  post.start();
  const RunId run = post.add_run(commit_a);
  CHECK(post.wait_for(1) == std::vector<std::string>{"aaaa pending"});
  CHECK(post.forge.authorization() == "Bearer t0ken");
  post.finish(run, store::Verdict::failed);
  CHECK(post.wait_for(2) == std::vector<std::string>{"aaaa pending", "aaaa failure"});
  CHECK(post.count("pending") == 0);
}

TEST_CASE("of what gathered while nobody sent only the newest goes out, for each commit") {
  Post post;
  const RunId a = post.add_run(commit_a);
  post.finish(a, store::Verdict::passed);
  post.add_run(commit_b);
  post.start();
  auto seen = post.wait_for(2);
  std::sort(seen.begin(), seen.end());
  CHECK(seen == std::vector<std::string>{"aaaa success", "bbbb pending"});
}

TEST_CASE("a rerun's state is the commit's, even when the older run ends after it") {
  Post post;
  const RunId older = post.add_run(commit_a);
  const RunId newer = post.add_run(commit_a);
  post.finish(newer, store::Verdict::passed);
  post.finish(older, store::Verdict::failed);
  post.start();
  CHECK(post.wait_for(1) == std::vector<std::string>{"aaaa success"});
}

TEST_CASE("a second pull request of the same commit, for which nothing is run, does not make a failed one green") {
  Post post;
  post.finish(post.add_pull_run(commit_a, 7), store::Verdict::failed);
  post.finish(post.add_pull_run(commit_a, 8), store::Verdict::skipped);
  post.start();
  CHECK(post.wait_for(1) == std::vector<std::string>{"aaaa failure"});
}

TEST_CASE("a forge that is out of order is asked again later, not at once") {
  Post post;
  post.forge.reply_with({{503}, {500, "60"}});
  post.start();
  post.add_run(commit_a);
  CHECK(post.wait_for(1).size() == 1);
  CHECK(post.count("pending") == 1);
  post.pass(1s);
  CHECK(post.wait_for(1).size() == 1);
  post.pass(5s);
  CHECK(post.wait_for(2).size() == 2);
  post.pass(30s);
  CHECK(post.wait_for(2).size() == 2);
  post.pass(31s);
  CHECK(post.wait_for(3).size() == 3);
  CHECK(post.count("sent") == 1);
}

TEST_CASE("the pause before a store that takes no writes is tried again ends with the notifier") {
  Post post;
  auto refuse = [](store::Transaction& tx) {
    tx.run("CREATE TRIGGER refuse BEFORE UPDATE ON outbox BEGIN SELECT RAISE(ABORT, 'refused'); END", {});
    return Result<void>();
  };
  REQUIRE(post.s.write(std::move(refuse)));
  post.start();
  post.add_run(commit_a);
  CHECK(post.wait_for(1).size() == 1);
  const auto begin = std::chrono::steady_clock::now();
  post.on_io([&] { post.notifier.stop(); });
  CHECK(post.ended_within(5s));
  CHECK(std::chrono::steady_clock::now() - begin < 2s);
}

TEST_CASE("a newer state replaces one that waits to be tried again") {
  Post post;
  post.forge.reply_with({{503}});
  post.start();
  const RunId run = post.add_run(commit_a);
  CHECK(post.wait_for(1).size() == 1);
  post.finish(run, store::Verdict::passed);
  CHECK(post.wait_for(2) == std::vector<std::string>{"aaaa pending", "aaaa success"});
  CHECK(post.count("pending") == 0);
}

TEST_CASE("a newer state waits as long as the forge asked for, also if it came while the older one was being refused") {
  Post post;
  const bool meanwhile = GENERATE(false, true);
  post.forge.reply_with({{429, "60", meanwhile ? 500ms : 0ms}});
  post.start();
  const RunId run = post.add_run(commit_a);
  if (meanwhile) {
    for (int i = 0; i < 100 && post.forge.seen().empty(); ++i) std::this_thread::sleep_for(20ms);
  } else {
    CHECK(post.wait_for(1).size() == 1);
  }
  post.finish(run, store::Verdict::passed);
  std::this_thread::sleep_for(600ms);
  CHECK(post.forge.seen().size() == 1);
  post.pass(61s);
  CHECK(post.wait_for(2) == std::vector<std::string>{"aaaa pending", "aaaa success"});
}

TEST_CASE("what the forge refuses is given up, and the run's timeline says why") {
  Post post;
  post.forge.reply_with({{404}});
  post.start();
  const RunId run = post.add_run(commit_a);
  post.wait_for(1);
  CHECK(post.count("dead") == 1);
  store::EventFilter filter;
  filter.run = run;
  const auto events = post.s.read(&store::Events::list, filter);
  REQUIRE(events);
  CHECK(events->items.back().kind == "status.undeliverable");
  CHECK(events->items.back().data.find("404") != std::string::npos);
}

TEST_CASE("after twelve attempts it is given up") {
  Post post;
  std::deque<Reply> replies;
  for (int i = 0; i < 20; ++i) replies.push_back({503});
  post.forge.reply_with(replies);
  post.start();
  post.add_run(commit_a);
  for (std::size_t i = 1; i <= 12; ++i) {
    for (int wait = 0; wait < 60 && post.forge.seen().size() < i; ++wait) std::this_thread::sleep_for(50ms);
    std::this_thread::sleep_for(50ms);
    post.pass(2h);
  }
  CHECK(post.wait_for(12).size() == 12);
  CHECK(post.count("dead") == 1);
}

TEST_CASE("one slow forge does not keep the order of one commit from being kept") {
  Post post;
  post.forge.reply_with({{201, "", 600ms}});
  post.start();
  const RunId run = post.add_run(commit_a);
  for (int i = 0; i < 60 && post.forge.seen().empty(); ++i) std::this_thread::sleep_for(20ms);
  post.finish(run, store::Verdict::passed);
  CHECK(post.wait_for(2) == std::vector<std::string>{"aaaa pending", "aaaa success"});
}

namespace {

/// A project at another forge than the Post's.
ProjectId add_project_at(Post& post, const asio::ip::tcp::acceptor& forge) {
  const std::string port = std::to_string(forge.local_endpoint().port());
  store::Project other;
  other.name = "other-" + port;
  other.forge = store::Forge::gitea;
  other.clone_url = "https://silent.example/team/other.git";
  other.settings.forge_url = "http://127.0.0.1:" + port + "/api/v1";
  other.sealed_forge_token = "sealed";
  other.created = post.clock.now();
  return post.s.write(&store::Projects::add, other).value();
}

}  // namespace

TEST_CASE("a forge that takes connections and never answers delays no other forge's statuses") {
  asio::io_context none;
  const asio::ip::tcp::acceptor silent(none, {asio::ip::address_v4::loopback(), 0});
  Post post;
  const ProjectId stuck = add_project_at(post, silent);
  for (char c = '0'; c < '9'; ++c) store::add_run(post.s, stuck, std::string(40, c));
  post.start();
  std::this_thread::sleep_for(300ms);  // as many as may be are under way there
  const RunId run = post.add_run(commit_a);
  CHECK(post.wait_for(1) == std::vector<std::string>{"aaaa pending"});
  post.finish(run, store::Verdict::passed);
  CHECK(post.wait_for(2) == std::vector<std::string>{"aaaa pending", "aaaa success"});
  CHECK(post.count("sent") == 2);
}

TEST_CASE("however many forges never answer, one that does gets its statuses") {
  asio::io_context none;
  std::deque<asio::ip::tcp::acceptor> silent;
  for (int i = 0; i < 20; ++i) silent.emplace_back(none, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  Post post;
  post.start();
  const RunId run = post.add_run(commit_a);
  CHECK(post.wait_for(1) == std::vector<std::string>{"aaaa pending"});
  for (const asio::ip::tcp::acceptor& one : silent) store::add_run(post.s, add_project_at(post, one), commit_b);
  std::this_thread::sleep_for(600ms);  // as many as may be are under way there
  post.finish(run, store::Verdict::passed);
  CHECK(post.wait_for(2) == std::vector<std::string>{"aaaa pending", "aaaa success"});
  CHECK(post.count("sent") == 2);
}

TEST_CASE("a project without forge or token puts nothing into the outbox") {
  Post post;
  auto project = post.s.read(&store::Projects::get, post.project).value();
  project.sealed_forge_token.clear();
  REQUIRE(post.s.write(&store::Projects::update, project));
  post.add_run(commit_a);
  project.forge = store::Forge::none;
  project.sealed_forge_token = "sealed";
  REQUIRE(post.s.write(&store::Projects::update, project));
  post.add_run(commit_b);
  CHECK(post.count("pending") == 0);
}

TEST_CASE("a project whose clone URL says no repository is given up with the reason") {
  Post post;
  auto project = post.s.read(&store::Projects::get, post.project).value();
  project.clone_url = "/srv/git/shop.git";
  project.settings.forge_url.clear();
  REQUIRE(post.s.write(&store::Projects::update, project));
  post.start();
  post.add_run(commit_a);
  for (int i = 0; i < 60 && post.count("dead") == 0; ++i) std::this_thread::sleep_for(20ms);
  CHECK(post.count("dead") == 1);
  CHECK(post.forge.seen().empty());
}

TEST_CASE("a stop cuts off what is being sent, and leaves it in the outbox") {
  Post post;
  post.forge.reply_with({{201, "", 30s}});
  post.start();
  post.add_run(commit_a);
  for (int i = 0; i < 60 && post.forge.seen().empty(); ++i) std::this_thread::sleep_for(20ms);
  post.on_io([&] { post.notifier.stop(); });
  CHECK(post.ended_within(5s));
  CHECK(post.count("pending") == 1);
}
