#include "docker-client/log_frames.hpp"

#include "base/text.hpp"

namespace slipway::docker {
namespace {

constexpr std::size_t header_size = 8;
constexpr unsigned char system_stream = 3;

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace

LogFormat log_format(std::string_view content_type, bool api_1_42, bool tty) {
  if (api_1_42 && content_type.starts_with("application/vnd.docker.multiplexed-stream")) return LogFormat::multiplexed;
  if (api_1_42 && content_type.starts_with("application/vnd.docker.raw-stream")) return LogFormat::raw;
  return tty ? LogFormat::raw : LogFormat::multiplexed;
}

void LogDemultiplexer::feed(std::string_view chunk) {
  if (broken_) return;
  buffer_.erase(0, start_);
  start_ = 0;
  buffer_ += chunk;
}

Result<std::optional<LogFrame>> LogDemultiplexer::next() {
  if (broken_) return fail(*broken_);
  if (format_ == LogFormat::multiplexed) return next_frame();
  if (start_ == buffer_.size()) return std::nullopt;
  const auto payload = std::string_view(buffer_).substr(start_);
  start_ = buffer_.size();
  offset_ += payload.size();
  return LogFrame{LogStream::out, payload};
}

Result<std::optional<LogFrame>> LogDemultiplexer::next_frame() {
  const auto rest = std::string_view(buffer_).substr(start_);
  if (rest.size() < header_size) return std::nullopt;
  const auto stream = static_cast<unsigned char>(rest[0]);
  const std::uint32_t size = big_endian(rest.substr(4, 4));
  if (stream > system_stream || rest.substr(1, 3) != std::string_view("\0\0\0", 3) || size > frame_limit_) {
    broken_ = Error(Error::Kind::protocol, "the engine's log stream has no frame where one must begin");
    return fail(*broken_);
  }
  if (rest.size() - header_size < size) return std::nullopt;
  const auto payload = rest.substr(header_size, size);
  if (stream == system_stream) {
    broken_ = Error(Error::Kind::failed, "the engine can't read the log: " + std::string(trimmed(payload)));
    return fail(*broken_);
  }
  start_ += header_size + size;
  offset_ += header_size + size;
  return LogFrame{static_cast<LogStream>(stream), payload};
}

std::string encode_log_frame(LogStream stream, std::string_view payload) {
  std::string frame(header_size, '\0');
  frame[0] = static_cast<char>(stream);
  for (std::size_t i = 0; i < 4; ++i) frame[4 + i] = static_cast<char>(payload.size() >> (24 - 8 * i) & 0xff);
  return frame.append(payload);
}

}  // namespace slipway::docker
