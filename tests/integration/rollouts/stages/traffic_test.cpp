// A real HAProxy on the rig's hosts in front of real containers.
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <thread>

#include <catch2/catch.hpp>

#include "base/http_client.hpp"
#include "tests/integration/rollouts/fleet/traffic_scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// Gives the settings a certificate `name` for NAME.example.org. Its path.
std::string certify(TrafficScene& scene, const std::string& name) {
  const std::string pem = scene.folder + "/" + name + ".pem";
  const std::string key = scene.folder + "/" + name + ".key";
  REQUIRE(std::system(("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=" + name +
                       ".example.org -addext subjectAltName=DNS:" + name + ".example.org -out " + pem + " -keyout " +
                       key + " 2>/dev/null")
                          .c_str()) == 0);
  scene.fleet->proxy.certificates[name] = {pem, key};
  return pem;
}

}  // namespace

TEST_CASE("requests go to what is attached, and no longer to what is detached") {
  TrafficScene scene("ro-attach");
  scene.serve("one");
  scene.serve("two");
  Traffic& traffic = *scene.fleet->traffic;
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("one")}, 100)));
  CHECK(scene.answer() == "one");
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("two")}, 100)));
  scene.done(scene.fleet->run(traffic.detach(scene.place(), {"ro-attach-one"})));
  for (int i = 0; i < 10; ++i) CHECK(scene.answer() == "two");
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("two")}, 100)));
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("one")}, 100)));
  scene.done(scene.fleet->run(traffic.detach(scene.place(), {"ro-attach-two"})));
  for (int i = 0; i < 10; ++i) CHECK(scene.answer() == "one");
  CHECK(scene.proxies().size() == 1);
}

TEST_CASE("while a route goes to another port, old containers are asked at theirs") {
  TrafficScene scene("ro-port");
  scene.serve("old");
  scene.start("new", "mkdir /www; echo new > /www/index.html; exec httpd -f -p 9090 -h /www");
  Backend moved = scene.backend("new");
  moved.route->port = 9090;
  Traffic& traffic = *scene.fleet->traffic;
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("old")}, 100)));
  CHECK(scene.answer() == "old");
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {moved}, 50)));
  std::map<std::string, int> answers;
  for (int i = 0; i < 40; ++i) ++answers[scene.get().body];
  CHECK(answers["old\n"] + answers["new\n"] == 40);
  CHECK(answers["old\n"] > 10);
  CHECK(answers["new\n"] > 10);
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("old")}, 100)));
  scene.done(scene.fleet->run(traffic.detach(scene.place(), {"ro-port-new"})));
  for (int i = 0; i < 10; ++i) CHECK(scene.answer() == "old");
}

TEST_CASE("new containers get the percentage of the requests that is asked for, and an even part with 100") {
  TrafficScene scene("ro-weight");
  scene.serve("old");
  scene.serve("old2");
  scene.serve("new");
  Traffic& traffic = *scene.fleet->traffic;
  REQUIRE(traffic.weighs("h1"));
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("old"), scene.backend("old2")}, 100)));
  const auto [percent, expected] = GENERATE(table<unsigned, int>({{20, 20}, {75, 75}, {100, 33}}));
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("new")}, percent)));
  REQUIRE_FALSE(scene.answer().empty());
  int fresh = 0;
  for (int i = 0; i < 100; ++i) fresh += scene.get().body.starts_with("new") ? 1 : 0;
  CHECK(std::abs(fresh - expected) <= 4);
}

TEST_CASE("a container that is detached finishes what it has, and the proxy says when") {
  TrafficScene scene("ro-drain");
  scene.serve_held("slow");
  scene.serve("quick");
  Traffic& traffic = *scene.fleet->traffic;
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("slow")}, 100)));
  std::optional<HttpResponse> late;
  std::thread request([&] { late = scene.get(); });
  const std::vector<std::string> old = {"ro-drain-slow"};
  scene.await_request("slow");
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("quick")}, 100)));
  scene.done(scene.fleet->run(traffic.detach(scene.place(), old)));
  const auto open = scene.fleet->run(traffic.in_flight(scene.place(), old));
  CHECK(scene.answer() == "quick");
  scene.release("slow");
  request.join();
  REQUIRE(open);
  CHECK(open->requests == 1);
  CHECK(open->tunnels == 0);
  CHECK(open->waited);
  REQUIRE(late);
  CHECK(late->status == 200);
  CHECK(late->body == "slow\n");
  const auto after = scene.fleet->run(traffic.in_flight(scene.place(), old));
  REQUIRE(after);
  CHECK(after->requests == 0);
}

TEST_CASE("a container that is set aside finishes what it has, whoever has its name by then") {
  TrafficScene scene("ro-aside");
  scene.serve_held("web");
  Traffic& traffic = *scene.fleet->traffic;
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("web")}, 100)));
  std::optional<HttpResponse> late;
  std::thread request([&] { late = scene.get(); });
  scene.await_request("web");
  const std::string aside = "ro-aside-web-drifted-7";
  scene.done(scene.fleet->run(traffic.rename(scene.place(), "ro-aside-web", aside)));
  scene.done(scene.fleet->run(scene.engine().containers().rename("ro-aside-web", aside)));
  scene.serve("web");
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("web")}, 100)));
  scene.done(scene.fleet->run(traffic.detach(scene.place(), {aside})));
  for (int i = 0; i < 10; ++i) CHECK(scene.answer() == "web");
  const auto open = scene.fleet->run(traffic.in_flight(scene.place(), {aside}));
  scene.release("web-drifted-7");
  request.join();
  REQUIRE(open);
  CHECK(open->requests == 1);
  CHECK(open->waited);
  REQUIRE(late);
  CHECK(late->body == "slow\n");
  const auto after = scene.fleet->run(traffic.in_flight(scene.place(), {aside}));
  REQUIRE(after);
  CHECK(after->requests == 0);
}

TEST_CASE("a container that a person renamed goes on to get requests, and drains as any other") {
  TrafficScene scene("ro-renamed");
  scene.serve_held("web");
  Traffic& traffic = *scene.fleet->traffic;
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("web")}, 100)));
  std::optional<HttpResponse> late;
  std::thread request([&] { late = scene.get(); });
  scene.await_request("web");
  const std::string renamed = "my-own-name-for-it";
  scene.done(scene.fleet->run(scene.engine().containers().rename("ro-renamed-web", renamed)));
  const bool looked_after = GENERATE(false, true);
  if (looked_after) scene.done(scene.fleet->run(traffic.mend(scene.place(), {})));
  scene.serve("next");
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("next")}, 100)));
  scene.done(scene.fleet->run(traffic.detach(scene.place(), {renamed})));
  const auto open = scene.fleet->run(traffic.in_flight(scene.place(), {renamed}));
  for (int i = 0; i < 10; ++i) CHECK(scene.answer() == "next");
  docker::ExecSpec release({"touch", "/tmp/go"});
  const auto released = scene.fleet->run(scene.engine().exec().run(renamed, std::move(release)));
  request.join();
  REQUIRE(released);
  REQUIRE(open);
  CHECK(open->requests == 1);
  CHECK(open->waited);
  REQUIRE(late);
  CHECK(late->body == "slow\n");
}

TEST_CASE("a container that a person renamed drains also where it is detached before a new one comes") {
  TrafficScene scene("ro-renamed-first");
  scene.serve("web");
  Traffic& traffic = *scene.fleet->traffic;
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("web")}, 100)));
  const std::string renamed = "my-own-name-for-it";
  scene.done(scene.fleet->run(scene.engine().containers().rename("ro-renamed-first-web", renamed)));
  scene.done(scene.fleet->run(traffic.detach(scene.place(), {renamed})));
  const auto open = scene.fleet->run(traffic.in_flight(scene.place(), {renamed}));
  REQUIRE(open);
  CHECK(open->waited);
  CHECK(scene.get().status == 503);
}

TEST_CASE("on a host that gets no new containers the old ones drain as long as their own route says") {
  TrafficScene scene("ro-left");
  scene.serve("one");
  Backend backend = scene.backend("one");
  backend.route->drain = std::chrono::minutes(10);
  Traffic& traffic = *scene.fleet->traffic;
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {backend}, 100)));
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {}, 100)));
  scene.done(scene.fleet->run(traffic.detach(scene.place(), {"ro-left-one"})));
  const auto open = scene.fleet->run(traffic.in_flight(scene.place(), {"ro-left-one"}));
  REQUIRE(open);
  CHECK(open->waited);
  CHECK(open->limit.requests == std::chrono::minutes(10));
  CHECK(open->limit.tunnels == Route().websocket_drain);
}

TEST_CASE("host names, paths and certificates lead to their services, and no other application takes a host name") {
  TrafficScene scene("ro-rules");
  const std::string pem = certify(scene, "safe");
  for (const char* name : {"web", "api", "safe", "any"}) scene.serve(name);
  auto routed = [&](const std::string& name, std::vector<std::string> hosts, std::string path, std::string tls = {}) {
    Backend backend = scene.backend(name, name);
    backend.route->hosts = std::move(hosts);
    backend.route->path = std::move(path);
    backend.route->tls = std::move(tls);
    return backend;
  };
  Traffic& traffic = *scene.fleet->traffic;
  std::vector<Backend> all = {routed("web", {"shop.example.org"}, "/"), routed("api", {"shop.example.org"}, "/api"),
                              routed("safe", {"safe.example.org"}, "/", "safe"), routed("any", {}, "/")};
  scene.done(scene.fleet->run(traffic.attach(scene.place(), all, 100)));
  CHECK(scene.answer("shop.example.org") == "web");
  CHECK(scene.answer("SHOP.example.org:80") == "web");
  CHECK(scene.answer("elsewhere.example.org") == "any");
  CHECK(scene.get("/api", "shop.example.org").status == 404);  // that of the container: it has no such file
  CHECK(scene.get("/apis", "shop.example.org").status == 404);
  const HttpResponse redirect = scene.get("/a?b=c", "safe.example.org");
  CHECK(redirect.status == 308);
  CHECK(redirect.header("location") == "https://safe.example.org/a?b=c");
  const std::string ask = "curl -s --max-time 5 --cacert " + pem +
                          " --resolve safe.example.org:443:" + scene.fleet->hosts->address_of("h1") +
                          " https://safe.example.org/ | grep -qx safe";
  CHECK(std::system(ask.c_str()) == 0);

  // As probes ask.
  const auto safe = traffic.public_route(scene.place(), *all[2].route);
  REQUIRE(safe);
  CHECK(safe->url == "https://safe.example.org:443/");
  HttpRequest probe("GET", safe->url);
  probe.connect_to = safe->connect_to;
  CHECK_FALSE(send_http(probe));
  probe.verify = false;
  const auto seen = send_http(probe);
  REQUIRE(seen);
  CHECK(seen->body == "safe\n");

  const auto stolen =
      scene.fleet->run(traffic.attach({"ro-thief", "h1"}, {routed("api", {"shop.example.org"}, "/x")}, 100));
  REQUIRE_FALSE(stolen);
}

TEST_CASE("a certificate that the settings have no more stays where a route has it, and hinders no other application") {
  TrafficScene scene("ro-uncertified");
  certify(scene, "safe");
  for (const char* name : {"safe", "other-web", "fresh-web"}) scene.serve(name);
  Backend safe = scene.backend("safe");
  safe.route->hosts = {"safe.example.org"};
  safe.route->tls = "safe";
  Traffic& traffic = *scene.fleet->traffic;
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {safe}, 100)));
  scene.fleet->proxy.certificates.clear();
  scene.done(scene.fleet->run(traffic.attach({"ro-uncertified-other", "h1"}, {scene.backend("other-web")}, 100)));
  CHECK(scene.answer() == "other-web");
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {safe}, 100)));
  const auto route = traffic.public_route(scene.place(), *safe.route);
  REQUIRE(route);
  HttpRequest request("GET", route->url);
  request.connect_to = route->connect_to;
  request.verify = false;
  const auto answer = send_http(request);
  REQUIRE(answer);
  CHECK(answer->body == "safe\n");
  Backend fresh = scene.backend("fresh-web");
  fresh.route->hosts = {"fresh.example.org"};
  fresh.route->tls = "fresh";
  const auto missing = scene.fleet->run(traffic.attach({"ro-uncertified-fresh", "h1"}, {fresh}, 100));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == Error::Kind::not_found);
}

TEST_CASE("a route that was dropped is gone once its containers stopped, and another application may have its name") {
  TrafficScene scene("ro-forget");
  scene.serve("web");
  scene.serve("api");
  auto routed = [&](const std::string& name) {
    Backend backend = scene.backend(name, name);
    backend.route->hosts = {name + ".example.org"};
    return backend;
  };
  Traffic& traffic = *scene.fleet->traffic;
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {routed("web"), routed("api")}, 100)));
  CHECK(scene.answer("api.example.org") == "api");
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {routed("web")}, 100)));
  scene.done(scene.fleet->run(traffic.detach(scene.place(), {"ro-forget-api"})));
  scene.done(scene.fleet->run(traffic.forget(scene.place(), {"web"})));
  CHECK(scene.get("/", "api.example.org").status == 503);  // it runs, and may have requests to answer
  REQUIRE(scene.fleet->run(scene.engine().containers().stop("ro-forget-api", 0)));
  scene.done(scene.fleet->run(traffic.forget(scene.place(), {"web"})));
  scene.fleet->run_until([&] {
    const auto answer = scene.ask("/", "api.example.org");
    return answer && answer->status == 404;
  });
  CHECK(scene.answer("web.example.org") == "web");
  Backend other = routed("api");
  other.container = "ro-forget-other-web";
  scene.serve("other-web");
  scene.done(scene.fleet->run(traffic.attach({"ro-forget-other", "h1"}, {other}, 100)));
  CHECK(scene.answer("api.example.org") == "other-web");
}

TEST_CASE("what a change that was broken off left in the running proxy is gone with the next one") {
  TrafficScene scene("ro-broken-off");
  scene.serve("one");
  scene.serve("two");
  Traffic& traffic = *scene.fleet->traffic;
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("one")}, 100)));
  CHECK(scene.answer() == "one");
  // As after a death between the table and the workers.
  docker::ExecSpec lose({"sh", "-c", "echo '{\"version\":1,\"applications\":{}}' > /var/lib/slipway-proxy/table.json"});
  lose.user = "0:0";
  const auto lost = scene.fleet->run(scene.engine().exec().run(scene.proxies().at(0), std::move(lose)));
  REQUIRE(lost);
  REQUIRE(lost->exit_code == 0);
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("two")}, 100)));
  for (int i = 0; i < 10; ++i) CHECK(scene.answer() == "two");
}

TEST_CASE("a proxy that is killed comes back with what it had, and one that was removed is made again") {
  TrafficScene scene("ro-killed");
  scene.serve("one");
  Traffic& traffic = *scene.fleet->traffic;
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("one")}, 100)));
  const std::string first = scene.proxies().at(0);
  // A kill through the Engine counts as a person's stop; this is a crash.
  const auto seen = scene.fleet->run(scene.engine().containers().inspect(first));
  REQUIRE(seen);
  REQUIRE(::kill(seen->state.pid, SIGKILL) == 0);
  CHECK(scene.answer() == "one");
  docker::RemoveContainer how;
  how.force = true;
  scene.done(scene.fleet->run(scene.engine().containers().remove(scene.proxies().at(0), how)));
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("one")}, 100)));
  CHECK(scene.answer() == "one");
  CHECK(scene.proxies() != std::vector<std::string>{first});
}

TEST_CASE("a proxy of other settings takes over without refusing a connection") {
  TrafficScene scene("ro-renew");
  scene.serve("one");
  Traffic& traffic = *scene.fleet->traffic;
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("one")}, 100)));
  const std::string first = scene.proxies().at(0);
  CHECK(scene.answer() == "one");
  std::atomic<bool> stop = false;
  std::atomic<int> good = 0;
  std::atomic<int> bad = 0;
  const std::string url = "http://" + scene.fleet->hosts->address_of("h1") + "/";
  std::thread asking([&] {
    while (!stop) {
      HttpRequest request("POST", url);
      request.timeout = std::chrono::seconds(5);
      const auto answer = send_http(request);
      ++(answer && answer->status == 501 ? good : bad);  // busybox knows no POST
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  // The same image under another name: another container.
  scene.done(scene.fleet->run(scene.engine().images().tag(scene.fleet->proxy.image, "haproxy-renewed", "2")));
  scene.fleet->proxy.image = "haproxy-renewed:2";
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("one")}, 100)));
  scene.fleet->run_until([&] { return scene.proxies().size() == 1; });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  stop = true;
  asking.join();
  CHECK(bad == 0);
  CHECK(good > 20);
  CHECK(scene.proxies().at(0) != first);
}

TEST_CASE("a container that comes back with another address gets its requests again, and a lost proxy is made again") {
  TrafficScene scene("ro-mend");
  scene.serve("one");
  Traffic& traffic = *scene.fleet->traffic;
  scene.done(scene.fleet->run(traffic.attach(scene.place(), {scene.backend("one")}, 100)));
  CHECK(scene.answer() == "one");
  REQUIRE(scene.fleet->run(scene.engine().containers().stop("ro-mend-one", 0)));
  scene.serve("other");  // takes the address
  REQUIRE(scene.fleet->run(scene.engine().containers().start("ro-mend-one")));
  CHECK(scene.answer() == "other");
  scene.done(scene.fleet->run(traffic.mend(scene.place(), {scene.backend("one")})));
  CHECK(scene.answer() == "one");
  docker::RemoveContainer how;
  how.force = true;
  scene.done(scene.fleet->run(scene.engine().containers().remove(scene.proxies().at(0), how)));
  scene.done(scene.fleet->run(scene.engine().volumes().remove("slipway-proxy")));
  scene.done(scene.fleet->run(traffic.mend(scene.place(), {scene.backend("one")})));
  CHECK(scene.answer() == "one");
  // What drains stays so.
  scene.done(scene.fleet->run(traffic.detach(scene.place(), {"ro-mend-one"})));
  scene.done(scene.fleet->run(traffic.mend(scene.place(), {scene.backend("one")})));
  CHECK(scene.get().status == 503);
}
