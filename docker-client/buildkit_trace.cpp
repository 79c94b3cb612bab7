#include "docker-client/buildkit_trace.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace slipway::docker {
namespace {

/// Calls `on_field` for each field of `message` until one fails.
template <class OnField>
Result<void> each_field(std::string_view message, OnField on_field) {
  WireReader reader(message);
  while (true) {
    Result<std::optional<WireField>> field = reader.next();
    if (!field) return fail(field.error());
    if (!*field) return {};
    Result<void> read = on_field(**field);
    if (!read) return read;
  }
}

/// google.protobuf.Timestamp, cut to milliseconds.
Result<void> read_time(std::string_view message, std::optional<Time>& time) {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  Result<void> read = each_field(message, [&](const WireField& field) -> Result<void> {
    if (field.number == 1) seconds = static_cast<std::int64_t>(field.value);
    if (field.number == 2) nanos = static_cast<std::int64_t>(field.value);
    return {};
  });
  if (!read) return read;
  constexpr std::int64_t year_10000 = 253'402'300'800;  // the format's own bound, which keeps the product in range
  seconds = std::clamp<std::int64_t>(seconds, 0, year_10000);
  nanos = std::clamp<std::int64_t>(nanos, 0, 999'999'999);
  time = Time(Milliseconds(seconds * 1000 + nanos / 1'000'000));
  return {};
}

Result<void> read_vertex(const WireField& field, TraceVertex& vertex) {
  switch (field.number) {
    case 1:
      vertex.digest = field.bytes;
      break;
    case 2:
      vertex.inputs.emplace_back(field.bytes);
      break;
    case 3:
      vertex.name = field.bytes;
      break;
    case 4:
      vertex.cached = field.value != 0;
      break;
    case 5:
      return read_time(field.bytes, vertex.started);
    case 6:
      return read_time(field.bytes, vertex.completed);
    case 7:
      vertex.error = field.bytes;
      break;
    default:
      break;
  }
  return {};
}

Result<void> read_status(const WireField& field, TraceStatus& status) {
  switch (field.number) {
    case 1:
      status.id = field.bytes;
      break;
    case 2:
      status.vertex = field.bytes;
      break;
    case 3:
      status.name = field.bytes;
      break;
    case 4:
      status.current = static_cast<std::int64_t>(field.value);
      break;
    case 5:
      status.total = static_cast<std::int64_t>(field.value);
      break;
    case 7:
      return read_time(field.bytes, status.started);
    case 8:
      return read_time(field.bytes, status.completed);
    default:
      break;
  }
  return {};
}

Result<void> read_log(const WireField& field, TraceLog& log) {
  switch (field.number) {
    case 1:
      log.vertex = field.bytes;
      break;
    case 2:
      return read_time(field.bytes, log.time);
    case 3:
      log.stream = static_cast<std::int64_t>(field.value);
      break;
    case 4:
      log.text = field.bytes;
      break;
    default:
      break;
  }
  return {};
}

Result<void> read_warning(const WireField& field, TraceWarning& warning) {
  switch (field.number) {
    case 1:
      warning.vertex = field.bytes;
      break;
    case 2:
      warning.level = static_cast<std::int64_t>(field.value);
      break;
    case 3:
      warning.text = field.bytes;
      break;
    case 4:
      warning.detail.emplace_back(field.bytes);
      break;
    case 5:
      warning.url = field.bytes;
      break;
    default:
      break;
  }
  return {};
}

template <class Entry>
Result<std::optional<TraceEntry>> read_entry(std::string_view message,
                                             Result<void> (*read_field)(const WireField&, Entry&)) {
  Entry entry;
  Result<void> read = each_field(message, [&](const WireField& field) { return read_field(field, entry); });
  if (!read) return fail(read.error().in("build trace"));
  return std::optional<TraceEntry>(std::move(entry));
}

}  // namespace

Result<std::optional<TraceEntry>> TraceReader::next() {
  while (true) {
    Result<std::optional<WireField>> field = fields_.next();
    if (!field) return fail(field.error().in("build trace"));
    if (!*field) return std::nullopt;
    switch ((*field)->number) {
      case 1:
        return read_entry((*field)->bytes, read_vertex);
      case 2:
        return read_entry((*field)->bytes, read_status);
      case 3:
        return read_entry((*field)->bytes, read_log);
      case 4:
        return read_entry((*field)->bytes, read_warning);
      default:
        break;
    }
  }
}

Result<std::string> trace_message(std::string_view base64) {
  Result<std::string> message = from_base64(base64);
  if (!message) return fail(Error::Kind::protocol, "build trace: " + message.error().message);
  return message;
}

}  // namespace slipway::docker
