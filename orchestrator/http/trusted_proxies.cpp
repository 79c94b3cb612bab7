#include "orchestrator/http/trusted_proxies.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <ranges>

#include "base/text.hpp"

namespace slipway::http {
namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address> address_of(std::string_view text) {
  boost::system::error_code bad;
  const ip::address address = ip::make_address(std::string(text), bad);
  return bad ? std::nullopt : std::optional(address);
}

/// "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711".
std::optional<ip::address> forwarded_address(std::string_view text) {
  if (text.starts_with('[')) return address_of(text.substr(1, text.find(']') - 1));
  const auto colon = text.find(':');
  const bool has_port = colon != std::string_view::npos && colon == text.rfind(':');
  return address_of(has_port ? text.substr(0, colon) : text);
}

std::array<unsigned char, 16> bytes_of(const ip::address& address) {
  if (address.is_v6()) return address.to_v6().to_bytes();
  return ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes();
}

bool same_bits(const std::array<unsigned char, 16>& one, const std::array<unsigned char, 16>& other, int bits) {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(one.begin(), one.begin() + whole, other.begin())) return false;
  const int rest = bits % 8;
  return rest == 0 || (one[whole] ^ other[whole]) >> (8 - rest) == 0;
}

std::vector<std::string_view> entries_of(std::string_view header) {
  std::vector<std::string_view> entries;
  for (;;) {
    const auto comma = header.find(',');
    if (const auto entry = trimmed(header.substr(0, comma), " \t"); !entry.empty()) entries.push_back(entry);
    if (comma == std::string_view::npos) return entries;
    header.remove_prefix(comma + 1);
  }
}

}  // namespace

std::string text_of(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& entries) {
  TrustedProxies proxies;
  for (const std::string& entry : entries) {
    const auto slash = entry.find('/');
    const auto address = address_of(entry.substr(0, slash));
    const int most = address && address->is_v4() ? 32 : 128;
    int bits = most;
    bool good = address.has_value();
    if (slash != std::string::npos) {
      const char* const end = entry.data() + entry.size();
      const auto [stopped, bad] = std::from_chars(entry.data() + slash + 1, end, bits);
      good = good && bad == std::errc() && stopped == end && bits >= 0 && bits <= most;
    }
    if (!good) {
      return fail(Error::Kind::invalid, "'" + entry + "' is neither an IP address nor a network",
                  "192.0.2.7, 10.0.0.0/8 or fd00::/8");
    }
    proxies.networks_.push_back({bytes_of(*address), bits + 128 - most});
  }
  return proxies;
}

bool TrustedProxies::contains(std::string_view text) const {
  const auto address = address_of(text);
  if (!address) return false;
  const Bytes bytes = bytes_of(*address);
  return std::ranges::any_of(networks_, [&](const Network& n) { return same_bits(n.address, bytes, n.bits); });
}

std::string TrustedProxies::client_of(std::string peer, const std::vector<std::string_view>& forwarded) const {
  for (const std::string_view header : std::views::reverse(forwarded)) {
    for (const std::string_view entry : std::views::reverse(entries_of(header))) {
      if (!contains(peer)) return peer;
      const auto named = forwarded_address(entry);
      if (!named) return peer;
      peer = text_of(*named);
    }
  }
  return peer;
}

}  // namespace slipway::http
