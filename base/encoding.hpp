#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slipway {

std::string to_hex(std::string_view bytes);
/// Fails with Kind::invalid on anything but an even number of hex digits.
Result<std::string> from_hex(std::string_view hex);

/// RFC 4648 §4, padded.
std::string to_base64(std::string_view bytes);
/// RFC 4648 §5, padded: what the Engine's X-Registry-Auth takes.
std::string to_base64url(std::string_view bytes);
/// Both alphabets' decoder is strict about the alphabet and lenient about missing padding and white space.
Result<std::string> from_base64(std::string_view text);
Result<std::string> from_base64url(std::string_view text);

/// SHA-256 over data that arrives in pieces.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  void update(std::string_view bytes);
  /// 64 hex digits; the object is spent.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view bytes);
/// HMAC-SHA-256 (RFC 2104), raw 32 bytes; a key of any length.
std::string hmac_sha256(std::string_view key, std::string_view bytes);
/// Compares in time that depends on the lengths alone.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace slipway
