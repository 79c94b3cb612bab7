#include <nlohmann/json.hpp>

#include "orchestrator/http/backend.hpp"
#include "orchestrator/http/hook_answer.hpp"
#include "orchestrator/http/render.hpp"

namespace slipway::http {
namespace {

awaitable<Result<Response>> hook(Backend& backend, Request request, bool source_named) {
  std::optional<triggers::Source> source;
  if (source_named) {
    source = triggers::source_of(request.parameter("source"));
    if (!source) {
      co_return fail(Error::Kind::not_found,
                     "no webhooks come from '" + request.parameter("source").substr(0, 40) + "'",
                     "github, gitlab, gitea, forgejo, bitbucket, distribution, dockerhub, harbor or generic");
    }
  }
  triggers::HookMessage message;
  message.token = request.argument("token").value_or("");
  message.headers = std::move(request.headers);
  message.body = std::move(request.body);
  const Result<triggers::Outcome> outcome =
      co_await backend.receiver.receive(request.parameter("project"), source, std::move(message));
  if (!outcome) co_return fail(outcome.error());
  co_return hook_answer(*outcome);
}

}  // namespace

Response hook_answer(const triggers::Outcome& outcome) {
  const std::int64_t run = outcome.runs.empty() ? 0 : outcome.runs.front().value;
  const Json body = {{"decision", store::name_of(outcome.decision)},
                     {"reason", outcome.reason},
                     {"delivery", number_or_null(outcome.delivery.value)},
                     {"run", number_or_null(run)}};
  return json_response(body, outcome.decision == store::Decision::accepted ? 202 : 200);
}

void add_hook_routes(Router& router, Backend& backend) {
  const std::size_t limit = triggers::Receiver::body_limit;
  router.add(
      {"POST", "/hooks/{project}", std::nullopt, [&](Request r) { return hook(backend, std::move(r), false); }, limit});
  router.add({"POST", "/hooks/{project}/{source}", std::nullopt,
              [&](Request r) { return hook(backend, std::move(r), true); }, limit});
}

}  // namespace slipway::http
