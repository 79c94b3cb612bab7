#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

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

struct BuildTrace {
  std::vector<TraceVertex> vertices;
  std::vector<TraceStatus> statuses;
  std::vector<TraceLog> logs;
  std::vector<TraceWarning> warnings;
};

/// Safe on any input. Unknown fields are skipped; more than 10 000 entries, or bytes that are no StatusResponse, are
/// Kind::protocol.
Result<BuildTrace> decode_trace(std::string_view base64);
/// The same from the protobuf bytes.
Result<BuildTrace> decode_trace_bytes(std::string_view message);

}  // namespace slipway::docker
