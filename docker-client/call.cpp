#include "docker-client/call.hpp"

#include <nlohmann/json.hpp>

#include "docker-client/json_fields.hpp"

namespace slipway::docker {

awaitable<Result<void>> call(Transport& transport, Request request, std::string doing) {
  Result<Response> answer = co_await transport.request(std::move(request));
  if (!answer) co_return fail(std::move(answer.error()).in(doing));
  co_return Result<void>();
}

awaitable<Result<Json>> call_json(Transport& transport, Request request, std::string doing) {
  Result<Response> answer = co_await transport.request(std::move(request));
  if (!answer) co_return fail(std::move(answer.error()).in(doing));
  Result<Json> body = json_body(*answer);
  if (!body) co_return fail(std::move(body.error()).in(doing));
  co_return body;
}

}  // namespace slipway::docker
