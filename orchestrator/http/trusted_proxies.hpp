#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "base/result.hpp"

namespace slipway::http {

/// The address as text; an IPv4 client of a listener for both ("::ffff:192.0.2.1") as the IPv4 address that it is.
std::string text_of(const boost::asio::ip::address& address);

/// The proxies in front of us, who are believed when they say whose request they pass on. A value: no I/O.
class TrustedProxies {
 public:
  TrustedProxies() = default;
  /// Of addresses and networks ("192.0.2.7", "10.0.0.0/8", "fd00::/8"); anything else is Kind::invalid.
  static Result<TrustedProxies> parse(const std::vector<std::string>& entries);

  /// False for what is no address ("unix").
  [[nodiscard]] bool contains(std::string_view address) const;

  /// Whose request it is that came from `peer` with these X-Forwarded-For headers, in the order in which they came.
  /// Each proxy adds at the end whom it was asked by, so it is read from there: as long as who tells is trusted, who he
  /// names is believed. What a client wrote itself stands before all that, and is never reached. An entry that is no
  /// address, with a port or without, leaves it at who told it.
  [[nodiscard]] std::string client_of(std::string peer, const std::vector<std::string_view>& forwarded) const;

 private:
  using Bytes = std::array<unsigned char, 16>;  // IPv4 as mapped into IPv6
  struct Network {
    Bytes address;
    int bits;  // of 128
  };
  std::vector<Network> networks_;
};

}  // namespace slipway::http
