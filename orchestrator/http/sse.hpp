#pragma once
#include <string>
#include <string_view>

#include "orchestrator/http/message.hpp"

namespace slipway::http {

/// How often a stream says that it is still there when nothing happens.
inline constexpr Duration heartbeat = std::chrono::seconds(15);

/// One server-sent event; `data` must have no newline (JSON has none). An empty id is left out.
std::string sse_event(std::string_view id, std::string_view event, std::string_view data);
/// A comment, which clients ignore.
std::string sse_comment();

/// Where a client wants to go on: Last-Event-ID, else the query parameter `name`; nothing if it says neither.
Result<std::optional<std::int64_t>> resume_point(const Request& request, std::string_view name);

Response stream_response(std::unique_ptr<Stream> stream, std::string content_type = "text/event-stream");

}  // namespace slipway::http
