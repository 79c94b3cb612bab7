#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "docker-client/buildkit_wire.hpp"

/// What BuildKit tells about a build: the `moby.buildkit.trace` values of POST /build?version=2. Each is a
/// moby.buildkit.v1.StatusResponse (buildkit, api/services/control/control.proto) in protobuf, in base64.
namespace slipway::docker {

/// A node of the build's graph: an instruction of the Dockerfile, or an internal one. Sent again at each change.
struct TraceVertex {
  std::string digest;
  std::vector<std::string> inputs;  ///< digests
  std::string name;
  bool cached = false;
  std::optional<Time> started;
  std::optional<Time> completed;
  std::string error;
};

/// Something that a vertex does: a layer being fetched, say.
struct TraceStatus {
  std::string id;
  std::string vertex;
  std::string name;
  std::int64_t current = 0;  ///< bytes
  std::int64_t total = 0;    ///< 0: unknown
  std::optional<Time> started;
  std::optional<Time> completed;
};

struct TraceLog {
  std::string vertex;
  std::optional<Time> time;
  std::int64_t stream = 1;  ///< 1 stdout, 2 stderr
  std::string text;         ///< any bytes; not cut at lines
};

struct TraceWarning {
  std::string vertex;
  std::int64_t level = 0;
  std::string text;
  std::vector<std::string> detail;
  std::string url;
};

using TraceEntry = std::variant<TraceVertex, TraceStatus, TraceLog, TraceWarning>;

/// The entries of one trace, in its order, one by one: a RUN that writes many short lines fills one with hundreds of
/// thousands. Safe on any input.
class TraceReader {
 public:
  /// `message` is the protobuf's bytes, as trace_message() gives them.
  explicit TraceReader(std::string message) : message_(std::move(message)), fields_(message_) {}
  TraceReader(const TraceReader&) = delete;
  TraceReader& operator=(const TraceReader&) = delete;

  /// Nothing at the end. Unknown fields are skipped; bytes that are no StatusResponse are Kind::protocol.
  Result<std::optional<TraceEntry>> next();

 private:
  std::string message_;
  WireReader fields_;
};

/// The bytes of a trace; Kind::protocol if it is no base64.
Result<std::string> trace_message(std::string_view base64);

}  // namespace slipway::docker
