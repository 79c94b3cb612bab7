#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace slipway::docker {

/// One field of a protobuf message: a number for wire type 0 (and the fixed types 1 and 5), bytes for type 2.
struct WireField {
  std::uint32_t number = 0;
  std::uint64_t value = 0;
  std::string_view bytes;
};

/// Reads the fields of one protobuf message in order (https://protobuf.dev/programming-guides/encoding). Allocates
/// nothing, never reads past the end; groups, field number 0 and truncated fields are Kind::protocol. Borrows the
/// bytes.
class WireReader {
 public:
  explicit WireReader(std::string_view message) : rest_(message) {}
  /// Nothing at the end of the message.
  Result<std::optional<WireField>> next();

 private:
  Result<std::uint64_t> varint();
  Result<std::string_view> take(std::uint64_t size);
  Result<std::uint64_t> fixed(std::size_t size);

  std::string_view rest_;
};

}  // namespace slipway::docker
