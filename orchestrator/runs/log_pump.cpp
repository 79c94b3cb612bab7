#include "orchestrator/runs/log_pump.hpp"

#include "docker-client/log_frames.hpp"

namespace slipway::runs {
namespace {

Result<void> store_frames(docker::LogDemultiplexer& frames, logs::Capture& capture) {
  for (;;) {
    const Result<std::optional<docker::LogFrame>> frame = frames.next();
    if (!frame) return fail(frame.error());
    if (!*frame || capture.over_limit()) return {};
    const auto stream = (*frame)->stream == docker::LogStream::err ? logs::Stream::err : logs::Stream::out;
    Result<void> stored = capture.frame(stream, (*frame)->payload);
    if (!stored) return stored;
  }
}

}  // namespace

awaitable<Result<void>> pump_log(docker::Containers& containers, std::string id, bool follow, logs::Capture& capture) {
  docker::LogsRequest request;
  request.follow = follow;
  request.timestamps = true;
  auto opening = containers.logs(std::move(id), std::move(request));
  Result<docker::ResponseStream> stream = co_await std::move(opening);
  if (!stream) co_return fail(std::move(stream.error()).in("read the log"));
  capture.begin_pass();
  docker::LogDemultiplexer frames;
  while (!capture.over_limit()) {
    const Result<std::string> chunk = co_await stream->next();
    if (!chunk) co_return fail(Error(chunk.error()).in("read the log"));
    if (chunk->empty()) break;
    frames.feed(*chunk);
    Result<void> stored = store_frames(frames, capture);
    if (!stored) co_return stored;
  }
  co_return Result<void>();
}

}  // namespace slipway::runs
