#include "docker-client/json_stream.hpp"

#include <nlohmann/json.hpp>

namespace slipway::docker {
namespace {

constexpr std::size_t kKept = 1 << 20;  // bytes of room, after a long value

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool opens_value(char c) {
  return c == '{' || c == '[' || c == '"';
}

}  // namespace

void JsonStream::feed(std::string_view chunk) {
  if (broken_) return;
  buffer_.erase(0, start_);
  scanned_ -= start_;
  start_ = 0;
  if (buffer_.empty() && buffer_.capacity() > kKept) buffer_.shrink_to_fit();
  buffer_ += chunk;
}

Result<std::optional<Json>> JsonStream::next() {
  if (broken_) return fail(*broken_);
  bool whole = find_end();
  while (skip(whole)) {
    if (!whole) return finished_ ? reject(cut_inside()) : Result<std::optional<Json>>(std::nullopt);
    whole = find_end();
  }
  const std::size_t size = scanned_ - start_;
  if (size > value_limit_) {
    return reject(Error(Error::Kind::too_large,
                        "the engine sent a JSON value of more than " + std::to_string(value_limit_) + " bytes"));
  }
  if (!whole) {
    if (!finished_ || size == 0) return std::nullopt;
    return reject(cut_inside());
  }
  Result<Json> value = parse_json(std::string_view(buffer_).substr(start_, size));
  if (!value) return reject(Error(Error::Kind::protocol, "the engine sent what is no JSON: " + value.error().message));
  start_ = scanned_;
  return std::optional<Json>(std::move(*value));
}

/// The same, past white space before a value.
bool JsonStream::find_end() {
  const bool between = !skipping_ && start_ == scanned_;
  while (between && start_ < buffer_.size() && is_space(buffer_[start_])) scanned_ = ++start_;
  return scan();
}

/// Drops what is scanned of a value that is too long; false if this is none.
bool JsonStream::skip(bool whole) {
  const bool bracketed = depth_ > 0 || in_string_ || whole;
  const bool too_long = scanned_ - start_ > value_limit_ && too_long_ == TooLong::skipped && bracketed;
  if (!skipping_ && !too_long) return false;
  start_ = scanned_;
  skipping_ = !whole;
  if (whole) ++skipped_;
  return true;
}

/// Moves `scanned_` to the end of the value at `start_`; false if that end has not come yet.
bool JsonStream::scan() {
  while (scanned_ < buffer_.size()) {
    const char c = buffer_[scanned_];
    const bool bare = depth_ == 0 && !in_string_;
    const bool first = scanned_ == start_;
    if (bare && !first && (is_space(c) || opens_value(c))) return true;  // the end of a number or a word
    ++scanned_;
    if (bare && !opens_value(c)) continue;
    if (scan_bracketed(c)) return true;
  }
  return finished_ && depth_ == 0 && !in_string_ && scanned_ > start_;
}

/// True if `c` ends the value.
bool JsonStream::scan_bracketed(char c) {
  if (in_string_) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
    }
    return depth_ == 0 && !in_string_;
  }
  if (c == '"') {
    in_string_ = true;
  } else if (c == '{' || c == '[') {
    ++depth_;
  } else if (c == '}' || c == ']') {
    --depth_;
  }
  return depth_ == 0 && !in_string_;
}

Error JsonStream::cut_inside() {
  return {Error::Kind::protocol, "the engine's answer ends inside a JSON value"};
}

Result<std::optional<Json>> JsonStream::reject(Error error) {
  broken_ = std::move(error);
  buffer_.clear();
  start_ = scanned_ = 0;
  return fail(*broken_);
}

}  // namespace slipway::docker
