#include "docker-client/builds.hpp"

#include <boost/system/system_error.hpp>

#include "base/log.hpp"
#include "docker-client/build_answer.hpp"
#include "docker-client/build_request.hpp"
#include "docker-client/images_errors.hpp"

namespace slipway::docker {
namespace {

using namespace std::chrono_literals;

/// The classic builder refuses a Dockerfile before it begins, with the statuses of a bad request or a broken engine.
Error refusal(Error error) {
  const bool of_dockerfile = error.message.find("ockerfile") != std::string::npos;
  if (of_dockerfile && !error.transient()) error.kind = Error::Kind::failed;
  return registry_error(std::move(error));
}

Request ping_request() {
  Request ping("GET", "/_ping");
  ping.versioned = false;
  return ping;
}

/// The outcome of an answer that has ended.
awaitable<Result<BuildOutcome>> conclude(Transport& transport, BuildAnswer& answer) {
  Result<BuildOutcome> outcome = answer.finish();
  if (!answer.killed()) co_return outcome;
  Request ping = ping_request();
  Result<Response> alive = co_await transport.request(std::move(ping));
  if (alive) co_return outcome;
  co_return fail(Error::Kind::unavailable, "the build was interrupted: the engine stopped");
}

awaitable<Result<BuildOutcome>> read_answer(Transport& transport, Request request, BuildEventSink progress) {
  Result<ResponseStream> stream = co_await transport.stream(std::move(request));
  if (!stream) co_return fail(refusal(std::move(stream.error())));
  BuildAnswer answer(std::move(progress));
  const Executor executor = co_await asio::this_coro::executor;
  while (true) {
    Result<std::string> chunk = co_await stream->next();
    if (!chunk) co_return answer.cut_off(std::move(chunk.error()));
    if (chunk->empty()) co_return co_await conclude(transport, answer);
    answer.take(*chunk);
    Result<bool> more = answer.go_on();
    while (more && *more) {
      co_await asio::post(executor, use_awaitable);  // a report may be long
      more = answer.go_on();
    }
    if (!more) co_return answer.cut_off(std::move(more.error()));
  }
}

}  // namespace

awaitable<Result<Builder>> Builds::choose(Builder wanted, bool with_credentials) {
  if (wanted != Builder::automatic) co_return wanted;
  if (with_credentials) co_return Builder::classic;
  Request ping = ping_request();
  Result<Response> answer = co_await transport_.request(std::move(ping));
  if (!answer) co_return fail(std::move(answer.error()).in("ask for the engine's builder"));
  co_return builder_of(answer->headers);
}

awaitable<Result<BuildOutcome>> Builds::build(BuildSpec spec, std::unique_ptr<ByteSource> context,
                                              BuildEventSink progress) {
  Result<Builder> builder = co_await choose(spec.builder, !spec.credentials.empty());
  if (!builder) co_return fail(std::move(builder.error()));
  Result<Request> request = build_request(spec, *builder);
  if (!request) co_return fail(std::move(request.error()));
  request->source = std::move(context);
  std::exception_ptr cancelled;
  try {
    co_return co_await read_answer(transport_, std::move(*request), std::move(progress));
  } catch (const boost::system::system_error&) {
    cancelled = std::current_exception();
  }
  // The connection is closed by now, which not every engine takes for a wish to stop.
  co_await allow_cleanup();
  Result<void> stopped = co_await cancel(spec.id);
  if (!stopped) log::warn("build not stopped", {{"build", spec.id}, {"error", stopped.error()}});
  std::rethrow_exception(cancelled);
}

awaitable<Result<void>> Builds::cancel(std::string id) {
  Request request("POST", "/build/cancel");
  request.with("id", std::move(id));
  auto asking = transport_.request(std::move(request));
  Result<Response> answer = co_await with_deadline(10s, std::move(asking), "stopping a build");
  if (!answer) co_return fail(std::move(answer.error()));
  co_return Result<void>();
}

}  // namespace slipway::docker
