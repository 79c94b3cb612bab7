#include "docker-client/endpoint.hpp"

#include <catch2/catch.hpp>

#include "docker-client/ssh_stream.hpp"

using namespace slipway;
using namespace slipway::docker;

namespace {
const TlsFiles all_tls{"ca.pem", "cert.pem", "key.pem"};
}

TEST_CASE("an endpoint is read and written back") {
  const auto text =
      GENERATE(as<std::string>(), "unix:///var/run/docker.sock", "tcp://192.0.2.1:2376", "tcp://[2001:db8::1]:2375",
               "ssh://deploy@web-1.example:2222", "ssh://web", "ssh://root@web/run/user/0/docker.sock");
  const Result<Endpoint> endpoint = parse_endpoint(text);
  REQUIRE(endpoint);
  CHECK(endpoint->text() == text);
}

TEST_CASE("a tcp endpoint's port depends on TLS") {
  CHECK(parse_endpoint("tcp://web")->port == 2375);
  CHECK(parse_endpoint("tcp://web/", all_tls)->port == 2376);
  CHECK(parse_endpoint("tcp://web:99", all_tls)->port == 99);
}

TEST_CASE("an endpoint that is wrong, or that ssh or a shell could misread, is refused with a hint") {
  const auto text = GENERATE(as<std::string>(), "", "web", "docker.sock", "http://web", "unix://relative.sock",
                             "unix://", "tcp://", "tcp://:2375", "tcp://web:0", "tcp://web:65536", "tcp://web:x",
                             "tcp://web:1:2", "tcp://[::1", "tcp://[web]:1", "tcp://web/path", "ssh://",
                             "ssh://-oProxyCommand=x", "ssh://user@-web", "ssh://@web", "ssh://-x@web", "ssh://a b@web",
                             "ssh://us;er@web", "ssh://web/run/$(x).sock", "ssh://we`b", "ssh://web\n");
  CAPTURE(text);
  const Result<Endpoint> endpoint = parse_endpoint(text);
  REQUIRE_FALSE(endpoint);
  CHECK(endpoint.error().kind == Error::Kind::invalid);
  CHECK_FALSE(endpoint.error().hint.empty());
}

TEST_CASE("a path that does not fit into a socket's address is refused") {
  CHECK_FALSE(parse_endpoint("unix:///" + std::string(107, 'x')));
  CHECK(parse_endpoint("unix:///" + std::string(106, 'x')));
}

TEST_CASE("TLS and ssh files must fit the endpoint and be complete") {
  CHECK_FALSE(parse_endpoint("tcp://web", {"ca.pem", "", ""}));
  CHECK_FALSE(parse_endpoint("tcp://web", {"ca.pem", "cert.pem", ""}));
  CHECK_FALSE(parse_endpoint("unix:///x.sock", all_tls));
  CHECK_FALSE(parse_endpoint("tcp://web", {}, {"id", ""}));
  CHECK(parse_endpoint("ssh://web", {}, {"id", "known"}));
}

TEST_CASE("a password in an endpoint is refused and not repeated in the error") {
  const Result<Endpoint> endpoint = parse_endpoint("ssh://user:hunter2@web");
  REQUIRE_FALSE(endpoint);
  CHECK(endpoint.error().message.find("hunter2") == std::string::npos);
}

TEST_CASE("the ssh command never prompts and ends its options before the host") {
  const Result<Endpoint> endpoint = parse_endpoint("ssh://deploy@web:2222/run/d.sock", {}, {"/keys/id", "/keys/known"});
  REQUIRE(endpoint);
  const std::vector<std::string> words = ssh_command(*endpoint, std::chrono::seconds(7));
  const std::vector<std::string> expected = {"ssh",
                                             "-T",
                                             "-o",
                                             "BatchMode=yes",
                                             "-o",
                                             "ServerAliveInterval=15",
                                             "-o",
                                             "ServerAliveCountMax=3",
                                             "-o",
                                             "ConnectTimeout=7",
                                             "-i",
                                             "/keys/id",
                                             "-o",
                                             "IdentitiesOnly=yes",
                                             "-o",
                                             "UserKnownHostsFile=/keys/known",
                                             "-o",
                                             "GlobalKnownHostsFile=none",
                                             "-o",
                                             "StrictHostKeyChecking=yes",
                                             "-l",
                                             "deploy",
                                             "-p",
                                             "2222",
                                             "--",
                                             "web",
                                             "docker",
                                             "--host",
                                             "unix:///run/d.sock",
                                             "system",
                                             "dial-stdio"};
  CHECK(words == expected);
}
