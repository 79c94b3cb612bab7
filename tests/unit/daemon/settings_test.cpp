#include "orchestrator/daemon/settings.hpp"

#include <catch2/catch.hpp>

#include "orchestrator/daemon/registry_access.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace {

std::string complaint(std::string_view text) {
  Settings settings;
  const Result<void> read = read_settings(settings, text, "slipwayd.yml");
  return read ? std::string() : read.error().message;
}

}  // namespace

TEST_CASE("a whole settings file is read") {
  Settings settings;
  const auto read = read_settings(settings, R"(
listen: 0.0.0.0:9000
socket: /run/slipway.sock
trusted_proxies: [127.0.0.1, 192.0.2.7]
data: /srv/slipway
log_level: debug
limits: {runs: 8, runs_per_project: 3, step_log: 1MB}
retention: {runs: 50, days: 7, images: 2}
git: {allow_local: true, ca_file: /etc/git-ca.pem, known_hosts: /etc/git-hosts}
registries:
  registry.example:5000: {username: ci, password_file: /etc/passwd, ca: /etc/ca.pem}
  docker.io: {projects: {shop: [shop/*, base], blog: blog/*}}
hosts:
  web1: {endpoint: "tcp://198.51.100.11:2376", ca: a, cert: b, key: c, address: 198.51.100.11, groups: [production, web]}
  web2: {endpoint: "ssh://deploy@web2", groups: production}
swarms: {cluster: {managers: [web1, web2]}}
proxy: {image: "registry.example/haproxy:3.0", http: 8000, https: 8443, certificates: {shop: {cert: a.pem, key: a.key}, wiki: {cert: b, key: c, projects: [wiki]}}}
metrics: {prod: {url: "https://prometheus.example/x/", token_file: t, ca: c}}
log_drivers: [fluentd, syslog]
)",
                                  "slipwayd.yml");
  INFO((read ? std::string() : read.error().message));
  REQUIRE(read);
  CHECK(settings.address() == "0.0.0.0");
  CHECK(settings.port() == 9000);
  CHECK(settings.socket == "/run/slipway.sock");
  CHECK(settings.trusted_proxies == std::vector<std::string>{"127.0.0.1", "192.0.2.7"});
  CHECK(settings.runs == 8);
  CHECK(settings.step_log == 1 << 20);
  CHECK(settings.keep_runs == 50);
  CHECK(settings.keep_days == 7);
  CHECK(settings.keep_images == 2);
  CHECK(settings.allow_local_git);
  CHECK(settings.git_ca_file == "/etc/git-ca.pem");
  CHECK(settings.git_known_hosts == "/etc/git-hosts");
  CHECK(settings.registries.at("registry.example:5000").username == "ci");
  CHECK_FALSE(settings.registries.at("registry.example:5000").projects);
  REQUIRE(settings.registries.at("docker.io").projects);
  CHECK(settings.registries.at("docker.io").projects->at("shop") == std::vector<std::string>{"shop/*", "base"});
  CHECK(registry_grants(settings, "blog").cover("blog/app"));
  CHECK_FALSE(registry_grants(settings, "blog").cover("docker.io/shop/app"));
  CHECK_FALSE(registry_grants(settings, "other").cover("busybox"));
  REQUIRE(settings.hosts.size() == 2);
  CHECK(settings.hosts[0].groups == std::vector<std::string>{"production", "web"});
  REQUIRE(settings.swarms.size() == 1);
  CHECK(settings.swarms[0].managers == std::vector<std::string>{"web1", "web2"});
  CHECK(settings.proxy.image == "registry.example/haproxy:3.0");
  CHECK(settings.proxy.http_port == 8000);
  CHECK(settings.proxy.https_port == 8443);
  CHECK(settings.proxy.certificates.at("shop").key == "a.key");
  CHECK_FALSE(settings.proxy.certificates.at("shop").projects);
  CHECK(settings.proxy.certificates.at("wiki").projects == std::vector<std::string>{"wiki"});
  CHECK(settings.metrics.at("prod").url == "https://prometheus.example/x");
  CHECK(settings.metrics.at("prod").token_file == "t");
  CHECK(settings.log_drivers == std::vector<std::string>{"fluentd", "syslog"});
  CHECK(settings.hosts[1].endpoint.kind == docker::Endpoint::Kind::ssh);
}

TEST_CASE("an empty settings file is the defaults") {
  CHECK(complaint("").empty());
  CHECK(Settings().engine.text() == "unix:///var/run/docker.sock");
}

TEST_CASE("the engine for builds may be reached as any host, its files beside its endpoint") {
  Settings settings;
  REQUIRE(read_settings(settings, "engine: {endpoint: \"tcp://build1\", ca: a, cert: b, key: c}", "slipwayd.yml"));
  CHECK(settings.engine.text() == "tcp://build1:2376");
  CHECK(settings.engine.tls.ca == "a");
  CHECK(settings.engine.tls.certificate == "b");
  CHECK(settings.engine.tls.key == "c");
  REQUIRE(
      read_settings(settings, "engine: {endpoint: \"ssh://ci@build2\", identity: i, known_hosts: k}", "slipwayd.yml"));
  CHECK(settings.engine.text() == "ssh://ci@build2");
  CHECK(settings.engine.ssh.identity == "i");
  CHECK(settings.engine.ssh.known_hosts == "k");
  CHECK(settings.engine.tls.empty());
  REQUIRE(read_settings(settings, "engine: ssh://build3", "slipwayd.yml"));
  CHECK(settings.engine.ssh.identity.empty());
}

TEST_CASE("a plain Docker port is no engine, whoever names it") {
  Settings settings;
  const Result<void> applied = apply_setting(settings, "engine", "tcp://127.0.0.1:2375");
  REQUIRE_FALSE(applied);
  CHECK(applied.error().kind == Error::Kind::invalid);
  CHECK(applied.error().message ==
        "engine: tcp://127.0.0.1:2375 needs TLS: whoever reaches a plain Docker port is root on that machine");
  CHECK(applied.error().hint.find("settings file") != std::string::npos);
  CHECK(settings.engine.text() == "unix:///var/run/docker.sock");
  CHECK_FALSE(apply_setting(settings, "engine", "ftp://x"));
}

TEST_CASE("a host alone in a group of its own name is no other target than the group") {
  CHECK(complaint("hosts: {a: {endpoint: \"unix:///x\", groups: [a]}}").empty());
}

TEST_CASE("what is wrong in a settings file is told with its place and a fix") {
  const std::pair<const char*, const char*> cases[] = {
      {"lisen: 1", "slipwayd.yml:1:1: error: unknown key `lisen`"},
      {"lisen: 1", "did you mean `listen`?"},
      {"limits: {runs: 0}", "slipwayd.yml:1:16"},
      {"log_level: loud", "slipwayd.yml:1:12"},
      {"hosts: [a]", "`hosts` must map"},
      {"proxy: {http: 0}", "slipwayd.yml:1:15"},
      {"proxy: {http: 443}", "can't be the same port"},
      {"proxy: {image: HAPROXY}", "slipwayd.yml:1:9"},
      {"proxy: {certificates: {shop: {cert: a}}}", "key: /etc/slipway/shop.key"},
      {"proxy: {certificates: {\"a b\": {cert: a, key: b}}}", "a certificate's name"},
      {"hosts: {a: {endpoint: \"tcp://10.0.0.1:2375\"}}", "needs TLS"},
      {"hosts: {a: {}}", "endpoint"},
      {"engine: tcp://127.0.0.1:2375", "slipwayd.yml:1:9: error: tcp://127.0.0.1:2375 needs TLS"},
      {"engine: {endpoint: \"tcp://build1\"}", "slipwayd.yml:1:10: error: tcp://build1:2375 needs TLS"},
      {"engine: {endpoint: \"tcp://build1\", ca: a}", "TLS needs all three files"},
      {"engine: {endpoint: \"unix:///x\", ca: a, cert: b, key: c}", "TLS files belong to tcp endpoints only"},
      {"engine: {ca: a, cert: b, key: c}", "endpoint: tcp://198.51.100.11:2376"},
      {"engine: {endpoint: \"unix:///x\", groups: a}", "unknown key `groups`"},
      {"engine: ftp://x", "slipwayd.yml:1:9: error: engine endpoint 'ftp://x': unknown scheme 'ftp'"},
      {"hosts: {a: {endpoint: \"ssh://-oProxyCommand=x\"}}", "slipwayd.yml:1"},
      {"hosts: {a: {endpoint: \"unix:///x\"}, b: {endpoint: \"unix:///y\", groups: [c, a]}}",
       "slipwayd.yml:1:9: error: a group has the name of this host, and host b is in it"},
      {"swarms: {s: {managers: [web1]}}", "slipwayd.yml:1:25: error: a manager is one of `hosts`"},
      {"swarms: {s: {}}", "managers: [web1, web2, web3]"},
      {"hosts: {a: {endpoint: \"unix:///x\", groups: [s]}}\nswarms: {s: {managers: [a]}}",
       "slipwayd.yml:2:10: error: a host or a group of hosts has this name already"},
      {"registries: {r: {password: x}}", "password_file"},
      {"registries: {r: {username: x}}", "go together"},
      {"registries: {r: {projects: [a]}}", "projects: {shop: [shop/*]"},
      {"registries: {r: {projects: {a: \"[x\"}}}", "slipwayd.yml:1:"},
      {"retention: {days: 0}", "slipwayd.yml:1:19"},
      {"retention: {day: 1}", "did you mean `days`?"},
      {"git: {ca_fil: x}", "did you mean `ca_file`?"},
      {"metrics: {p: {url: \"file:///etc/passwd\"}}", "slipwayd.yml:1:15"},
      {"metrics: {p: {url: \"http://u:p@host\"}}", "neither credentials nor a query"},
      {"metrics: {p: {}}", "url: http://prometheus:9090"},
      {"metrics: {p: {url: \"http://a\", token: x}}", "token_file"},
      {"listen: [", "slipwayd.yml:1"},
  };
  for (const auto& [text, part] : cases) {
    CAPTURE(text, part);
    CHECK(complaint(text).find(part) != std::string::npos);
  }
}

TEST_CASE("an IPv6 address to listen on is written in brackets, and its URLs have them, too") {
  Settings settings;
  const auto complaint_of = [&](const std::string& listen) {
    settings.listen = listen;
    const Result<void> good = check_settings(settings);
    return good ? std::string() : good.error().message + " | " + good.error().hint;
  };
  CHECK(complaint_of("[::1]:8080").empty());
  CHECK(settings.address() == "::1");
  CHECK(settings.port() == 8080);
  CHECK(settings.local_url() == "http://[::1]:8080");
  complete_settings(settings);
  CHECK(settings.public_url == "http://[::1]:8080");
  CHECK(complaint_of("[::]:9000").empty());
  CHECK(settings.address() == "::");
  CHECK(settings.local_url() == "http://127.0.0.1:9000");
  CHECK(complaint_of("0.0.0.0:9000").empty());
  CHECK(settings.local_url() == "http://127.0.0.1:9000");
  CHECK(complaint_of("198.51.100.7:9000").empty());
  CHECK(settings.local_url() == "http://198.51.100.7:9000");
  CHECK(complaint_of(":::8080") == "listen: the IPv6 address of ':::8080' has no brackets | write [::]:8080");
  CHECK(complaint_of("::1:8080") == "listen: the IPv6 address of '::1:8080' has no brackets | write [::1]:8080");
  for (const char* wrong : {"[127.0.0.1]:8080", "[]:8080", "[::1:8080", "::1]:8080", "[x]:8080"}) {
    CAPTURE(wrong);
    CHECK(complaint_of(wrong).find("is no IP address") != std::string::npos);
  }
  for (const char* wrong : {"[::1]", "::1", "[::1]:", "[::1]:0", "[::1]:65536", ":8080"}) {
    CAPTURE(wrong);
    CHECK_FALSE(complaint_of(wrong).empty());
  }
}

TEST_CASE("settings that only fail together are told before the daemon starts") {
  Settings settings;
  settings.listen = "8080";
  CHECK(check_settings(settings).error().message.find("ADDRESS:PORT") != std::string::npos);
  settings.listen = "localhost:8080";
  CHECK(check_settings(settings).error().message == "listen: 'localhost' is no IP address");
  settings = {};
  settings.trusted_proxies = {"10.0.0.1", "10.0.0.0/8", "fd00::/8"};
  CHECK(check_settings(settings));
  settings.trusted_proxies = {"10.0.0.1", "proxy.example"};
  CHECK(check_settings(settings).error().message ==
        "trusted_proxies: 'proxy.example' is neither an IP address nor a network");
  settings = {};
  for (const char* url :
       {"ci.example", "ci.example:8080", "ftp://ci.example", "https://", "http:///x", "//ci.example"}) {
    settings.public_url = url;
    CHECK(check_settings(settings).error().message ==
          "public_url: '" + settings.public_url + "' is no http:// or https:// address");
  }
  for (const char* url : {"", "https://ci.example", "http://198.51.100.7:8080/ci/"}) {
    settings.public_url = url;
    CHECK(check_settings(settings));
  }
  settings = {};
  settings.engine.tls.ca = "/no/such/engine-ca";
  CHECK(check_settings(settings).error().message == "engine: /no/such/engine-ca can't be read");
  settings = {};
  settings.registries["r"].ca = "/no/such/file";
  CHECK(check_settings(settings).error().message.find("/no/such/file") != std::string::npos);
  settings = {};
  settings.git_ca_file = "/no/such/ca";
  CHECK(check_settings(settings).error().message == "git.ca_file: /no/such/ca can't be read");
  settings = {};
  settings.git_known_hosts = "/no/such/hosts";
  CHECK(check_settings(settings).error().message == "git.known_hosts: /no/such/hosts can't be read");
}
