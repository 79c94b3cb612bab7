#include "docker-client/buildkit_wire.hpp"

#include <limits>

namespace slipway::docker {

Result<std::optional<WireField>> WireReader::next() {
  if (rest_.empty()) return std::nullopt;
  Result<std::uint64_t> key = varint();
  if (!key) return fail(key.error());
  const std::uint64_t number = *key >> 3;
  if (number == 0 || number > std::numeric_limits<std::uint32_t>::max() >> 3) {
    return fail(Error::Kind::protocol, "a protobuf field has no valid number");
  }
  WireField field;
  field.number = static_cast<std::uint32_t>(number);
  const auto type = *key & 7;
  if (type == 2) {
    Result<std::uint64_t> size = varint();
    if (!size) return fail(size.error());
    Result<std::string_view> bytes = take(*size);
    if (!bytes) return fail(bytes.error());
    field.bytes = *bytes;
    return field;
  }
  Result<std::uint64_t> value = type == 0 ? varint() : type == 1 ? fixed(8) : type == 5 ? fixed(4) : fixed(0);
  if (!value) return fail(value.error());
  field.value = *value;
  return field;
}

Result<std::uint64_t> WireReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return fail(Error::Kind::protocol, "a protobuf number has no end");
}

Result<std::uint64_t> WireReader::fixed(std::size_t size) {
  if (size == 0) return fail(Error::Kind::protocol, "a protobuf field has an unknown wire type");
  Result<std::string_view> bytes = take(size);
  if (!bytes) return fail(bytes.error());
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>((*bytes)[i]);
  return value;
}

Result<std::string_view> WireReader::take(std::uint64_t size) {
  if (size > rest_.size()) return fail(Error::Kind::protocol, "a protobuf field is longer than its message");
  const auto taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

}  // namespace slipway::docker
