#include "orchestrator/http/trusted_proxies.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::http;

namespace {

TrustedProxies trusting(const std::vector<std::string>& entries) {
  auto parsed = TrustedProxies::parse(entries);
  REQUIRE(parsed);
  return std::move(*parsed);
}

}  // namespace

TEST_CASE("proxies are addresses and networks, however they are written") {
  const TrustedProxies proxies = trusting({"192.0.2.7", "10.0.0.0/8", "172.16.0.0/12", "fd00::/8", "2001:db8::7"});
  for (const char* known : {"192.0.2.7", "::ffff:192.0.2.7", "10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3",
                            "172.16.0.1", "172.31.255.255", "fd12:3456::1", "2001:db8::7", "2001:db8:0::0:7"}) {
    CAPTURE(known);
    CHECK(proxies.contains(known));
  }
  for (const char* unknown : {"192.0.2.8", "11.0.0.1", "9.255.255.255", "172.15.255.255", "172.32.0.0", "fc00::1",
                              "2001:db8::8", "::", "unix", "", "10.0.0.1 ", "localhost"}) {
    CAPTURE(unknown);
    CHECK_FALSE(proxies.contains(unknown));
  }
  CHECK(trusting({"0.0.0.0/0"}).contains("192.0.2.1"));
  CHECK_FALSE(trusting({"0.0.0.0/0"}).contains("2001:db8::1"));
  CHECK(trusting({"::/0"}).contains("2001:db8::1"));
  CHECK_FALSE(TrustedProxies().contains("127.0.0.1"));
}

TEST_CASE("what is neither an address nor a network is told") {
  for (const char* wrong : {"", "proxy.example", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8/8", "/8",
                            "10.0.0/8", "fd00::/129", "10.0.0.1:80", "10.0.0.0/ 8"}) {
    CAPTURE(wrong);
    const auto parsed = TrustedProxies::parse({"192.0.2.7", wrong});
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().kind == Error::Kind::invalid);
    CHECK(parsed.error().message == "'" + std::string(wrong) + "' is neither an IP address nor a network");
  }
}

TEST_CASE("the client is the last one named who is no proxy of ours, whatever it says of itself") {
  const TrustedProxies proxies = trusting({"127.0.0.1", "10.0.0.0/8"});
  const auto client = [&](std::string peer, std::vector<std::string_view> headers) {
    return proxies.client_of(std::move(peer), headers);
  };
  CHECK(client("127.0.0.1", {"192.0.2.1"}) == "192.0.2.1");
  CHECK(client("127.0.0.1", {"198.51.100.1, 192.0.2.1"}) == "192.0.2.1");
  CHECK(client("127.0.0.1", {"198.51.100.1, 192.0.2.1, 10.0.0.2,10.0.0.1"}) == "192.0.2.1");
  CHECK(client("127.0.0.1", {"198.51.100.1", "192.0.2.1", "10.0.0.1"}) == "192.0.2.1");
  CHECK(client("127.0.0.1", {"10.0.0.9, 192.0.2.1, 10.0.0.1"}) == "192.0.2.1");
  CHECK(client("127.0.0.1", {"10.0.0.2, 10.0.0.1"}) == "10.0.0.2");  // one of ours asks itself
  CHECK(client("192.0.2.9", {"192.0.2.1"}) == "192.0.2.9");
  CHECK(client("unix", {"192.0.2.1"}) == "unix");
  CHECK(client("127.0.0.1", {}) == "127.0.0.1");
  CHECK(client("127.0.0.1", {"", " , "}) == "127.0.0.1");
}

TEST_CASE("entries may have ports and brackets, and one that is no address leaves it at who told it") {
  const TrustedProxies proxies = trusting({"127.0.0.1", "10.0.0.0/8"});
  const auto client = [&](std::string_view header) { return proxies.client_of("127.0.0.1", {header}); };
  CHECK(client("192.0.2.1:4711") == "192.0.2.1");
  CHECK(client("2001:db8::1") == "2001:db8::1");
  CHECK(client("[2001:db8::1]") == "2001:db8::1");
  CHECK(client("[2001:DB8::1]:4711") == "2001:db8::1");
  CHECK(client("::ffff:192.0.2.1") == "192.0.2.1");
  CHECK(client("192.0.2.1, ::ffff:10.0.0.1") == "192.0.2.1");
  for (const char* wrong : {"unknown", "_hidden", "[", "[]", ":", "192.0.2", "192.0.2.1.1"}) {
    CAPTURE(wrong);
    CHECK(client(wrong) == "127.0.0.1");
    CHECK(client("192.0.2.1, " + std::string(wrong) + ", 10.0.0.1") == "10.0.0.1");
  }
}
