#include "docker-client/task_logs.hpp"

#include "base/http_client.hpp"
#include "docker-client/call.hpp"

namespace slipway::docker {

awaitable<Result<ResponseStream>> TaskLogs::open(std::string task, LogsRequest what) {
  Request request("GET", "/tasks/" + percent_encode(task) + "/logs");
  request.with("stdout", flag_text(what.out))
      .with("stderr", flag_text(what.err))
      .with("follow", flag_text(what.follow));
  if (what.timestamps) request.with("timestamps", "1");
  if (what.tail) request.with("tail", std::to_string(*what.tail));
  Result<ResponseStream> stream = co_await transport_.stream(std::move(request));
  if (!stream) co_return fail(std::move(stream.error()).in("log of task " + task));
  co_return stream;
}

}  // namespace slipway::docker
