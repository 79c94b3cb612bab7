// The same calls over TLS and ssh, and what these add: certificates, keys, processes.
#include <cstdlib>
#include <fstream>

#include "base/files.hpp"
#include "tests/integration/docker-client/container_fixture.hpp"
#include "tests/support/helper_engine.hpp"
#include "tests/support/ssh_server.hpp"

using namespace slipway;
using namespace slipway::docker;
using namespace std::chrono_literals;

namespace {

void shell(const std::string& command) {
  INFO(command);
  REQUIRE(std::system(command.c_str()) == 0);
}

/// A whole life over `endpoint`: what is written, streamed and half-closed comes through.
void live_over(const Endpoint& endpoint) {
  Bench bench(endpoint);
  ContainerSpec spec = bench.spec("cat; exit 3");
  spec.open_stdin = spec.stdin_once = true;
  const std::string id = bench.create(spec);
  auto& containers = bench.engine->containers();
  AttachRequest what;
  what.in = true;
  auto stream = bench.engine.run(containers.attach(id, what));
  REQUIRE(stream);
  auto wait = bench.engine.run(containers.begin_wait(id));
  REQUIRE(wait);
  REQUIRE(bench.engine.run(containers.start(id)));
  const std::string text(200'000, 'x');
  for (int i = 0; i < 3; ++i) {
    REQUIRE(bench.engine.run(stream->write(text)));
    std::string back;
    while (back.size() < text.size()) {
      const auto piece = bench.engine.run(stream->read());
      REQUIRE(piece);
      REQUIRE_FALSE(piece->empty());
      back += *piece;
    }
  }
  REQUIRE(bench.engine.run(stream->finish_writing()));
  bench.read_all(*stream);
  const auto exit = bench.engine.run(wait->result());
  REQUIRE(exit);
  CHECK(exit->exit_code == 3);
  CHECK(bench.output_of(id).size() == 3 * text.size());
}

Endpoint endpoint_of(const SshServer& server, const std::string& key = "id", const std::string& known = "known") {
  const std::string folder = server.folder() + "/";
  const auto parsed = parse_endpoint(server.url(RealEngine::endpoint().path), {}, {folder + key, folder + known});
  REQUIRE(parsed);
  return *parsed;
}

/// One of each for all tests of this file.
HelperEngine& helper_engine() {
  static HelperEngine running;
  static const bool loaded = (running.load_busybox(), true);
  static_cast<void>(loaded);
  return running;
}
SshServer& ssh_server() {
  static SshServer running;
  return running;
}

std::size_t children_of_ours() {
  std::string text = "0";
  const std::string file = "/tmp/slipway-children-" + random_hex(4);
  static_cast<void>(std::system(("pgrep -c -P " + std::to_string(::getpid()) + " -x ssh > " + file).c_str()));
  std::ifstream(file) >> text;
  std::remove(file.c_str());
  return std::stoul(text);
}

}  // namespace

TEST_CASE("everything works over TLS, and only with the right certificates") {
  HelperEngine& helper = helper_engine();
  live_over(helper.tls_endpoint());

  SECTION("a certificate of another CA is refused") {
    Endpoint endpoint = helper.tls_endpoint();
    shell("cd " + helper.folder() +
          " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=other -keyout "
          "other-key.pem "
          "-out other.pem 2> /dev/null");
    endpoint.tls.ca = helper.folder() + "/other.pem";
    RealEngine engine(endpoint);
    const auto answer = engine.run(engine->system().ping());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Error::Kind::unauthorized);
    CHECK(answer.error().message.find("certificate is refused") != std::string::npos);
    CHECK_FALSE(answer.error().hint.empty());
  }
  SECTION("we are refused with a certificate of another CA") {
    Endpoint endpoint = helper.tls_endpoint();
    shell("cd " + helper.folder() +
          " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=me -keyout me-key.pem "
          "-out me.pem 2> /dev/null");
    endpoint.tls.certificate = helper.folder() + "/me.pem";
    endpoint.tls.key = helper.folder() + "/me-key.pem";
    RealEngine engine(endpoint);
    const auto answer = engine.run(engine->system().ping());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Error::Kind::unauthorized);
  }
  SECTION("a certificate for another address is refused") {
    // The same engine, reached by a name its certificate does not hold.
    Endpoint endpoint = helper.tls_endpoint();
    const std::string address = endpoint.host;
    shell("echo '" + address + " slipway-test-engine' >> /etc/hosts");
    endpoint.host = "slipway-test-engine";
    RealEngine engine(endpoint);
    const auto answer = engine.run(engine->system().ping());
    shell("sed '/ slipway-test-engine$/d' /etc/hosts > " + helper.folder() + "/hosts && cat " + helper.folder() +
          "/hosts > /etc/hosts");
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Error::Kind::unauthorized);
  }
  SECTION("a file that is missing is named") {
    Endpoint endpoint = helper.tls_endpoint();
    endpoint.tls.key = "/no/such/key.pem";
    RealEngine engine(endpoint);
    const auto answer = engine.run(engine->system().ping());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Error::Kind::invalid);
    CHECK(answer.error().message.find("/no/such/key.pem") != std::string::npos);
  }
  SECTION("plain HTTP to a TLS port is the Engine's error") {
    Endpoint endpoint = helper.tls_endpoint();
    endpoint.tls = {};
    RealEngine engine(endpoint);
    const auto answer = engine.run(engine->system().ping());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Error::Kind::invalid);
    CHECK(answer.error().message.find("HTTPS") != std::string::npos);
  }
  SECTION("a port where nobody listens is unavailable") {
    Endpoint endpoint = helper.tls_endpoint();
    endpoint.port = 1;
    RealEngine engine(endpoint);
    const auto answer = engine.run(engine->system().ping());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Error::Kind::unavailable);
    CHECK(answer.error().message.find("refused") != std::string::npos);
  }
}

TEST_CASE("everything works over ssh, one process a connection, and only with the right keys") {
  SshServer& server = ssh_server();
  live_over(endpoint_of(server));
  CHECK(children_of_ours() == 0);

  SECTION("processes are pooled, and gone when they are no longer needed") {
    RealEngine engine(endpoint_of(server));
    for (int i = 0; i < 5; ++i) REQUIRE(engine.run(engine->system().ping()));
    CHECK(children_of_ours() == 1);
    engine->transport().close_idle();
    CHECK(children_of_ours() == 0);
  }
  SECTION("a key that the host does not know is unauthorized, with ssh's words") {
    RealEngine engine(endpoint_of(server, "stranger"));
    const auto answer = engine.run(engine->system().ping());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Error::Kind::unauthorized);
    CHECK(answer.error().message.find("Permission denied") != std::string::npos);
  }
  SECTION("a host whose key we don't know is not trusted") {
    REQUIRE(write_file(server.folder() + "/empty", ""));
    RealEngine engine(endpoint_of(server, "id", "empty"));
    const auto answer = engine.run(engine->system().ping());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Error::Kind::unauthorized);
    CHECK(answer.error().message.find("Host key verification failed") != std::string::npos);
  }
  SECTION("a host that shows another key than the one we know is not trusted") {
    RealEngine engine(endpoint_of(server, "id", "other"));
    const auto answer = engine.run(engine->system().ping());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Error::Kind::unauthorized);
    CHECK(answer.error().message.find("Host key verification failed") != std::string::npos);
  }
  SECTION("no engine behind the host is unavailable, with the far side's words") {
    Endpoint endpoint = endpoint_of(server);
    endpoint.path = "/no/such.sock";
    RealEngine engine(endpoint);
    const auto answer = engine.run(engine->system().ping());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Error::Kind::unavailable);
    CHECK(answer.error().message.find("/no/such.sock") != std::string::npos);
  }
  SECTION("no ssh server is unavailable") {
    Endpoint endpoint = endpoint_of(server);
    endpoint.port = 1;
    RealEngine engine(endpoint);
    const auto answer = engine.run(engine->system().ping());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Error::Kind::unavailable);
    CHECK(answer.error().message.find("refused") != std::string::npos);
  }
}
