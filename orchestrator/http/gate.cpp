#include "orchestrator/http/gate.hpp"

#include "base/log.hpp"

namespace slipway::http {
namespace {

Response no_content(const std::string& allow) {
  Response response;
  response.status = 204;
  response.headers.emplace_back("Allow", allow);
  return response;
}

Response wrong_method(const Request& request, const std::string& allow) {
  Response response = error_response(405, "method_not_allowed", request.path + " does not take " + request.method,
                                     "it takes " + allow, request.id);
  response.headers.emplace_back("Allow", allow);
  return response;
}

Response too_many_failures(Milliseconds wait, const std::string& request_id) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  Response response = error_response(429, "too_many_requests", "too many wrong tokens from this address",
                                     "wait " + std::to_string(seconds) + " s", request_id);
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  return response;
}

}  // namespace

Gate::Gate(const Router& router, auth::TokenDesk& desk, const Clock& clock)
    : router_(router), desk_(desk), clock_(clock) {}

awaitable<Gate::Admission> Gate::admit(Request& request) {
  Admission admission;
  Router::Match match = router_.find(request.method, request.path);
  if (match.allow.empty()) {
    admission.response = error_response(404, "not_found", "there is nothing at " + request.path.substr(0, 200),
                                        "GET /api/openapi.json lists what there is", request.id);
    co_return admission;
  }
  if (request.method == "OPTIONS") {
    admission.response = no_content(match.allow);
    co_return admission;
  }
  if (!match.route) {
    admission.response = wrong_method(request, match.allow);
    co_return admission;
  }
  if (match.route->role) admission.response = co_await identify(request, *match.route->role);
  if (admission.response) co_return admission;
  if (request.method == "HEAD") request.method = "GET";
  request.parameters = std::move(match.parameters);
  admission.route = match.route;
  co_return admission;
}

awaitable<bool> Gate::would_refuse(TokenId token) {
  if (!token) co_return false;
  co_return co_await desk_.has_ended(token);
}

awaitable<std::optional<Response>> Gate::identify(Request& request, store::Role least) {
  const std::string_view authorization = request.header("authorization");
  if (!authorization.starts_with("Bearer ")) {
    co_return error_response(401, "unauthorized", "no token",
                             "send 'Authorization: Bearer <token>'; `slipway login` keeps it for you", request.id);
  }
  const Milliseconds wait = throttle_.wait(request.peer, clock_.now());
  if (wait > Milliseconds(0)) co_return too_many_failures(wait, request.id);
  Secret token{std::string(authorization.substr(7))};
  const Result<store::Token> known = co_await desk_.check(std::move(token));
  if (!known) {
    if (known.error().kind == Error::Kind::unauthorized) {
      throttle_.failed(request.peer, clock_.now());
      log::info("wrong token", {{"peer", request.peer}, {"request", request.id}, {"why", known.error()}});
    }
    co_return error_response(known.error(), request.id);
  }
  throttle_.succeeded(request.peer);
  request.caller.token = known->id;
  request.caller.name = known->name;
  request.caller.role = known->role;
  request.caller.roles = store::all_roles(*known);
  if (request.caller.role < least) {
    co_return error_response(403, "forbidden",
                             "this needs the role " + std::string(store::name_of(least)) + ", the token '" +
                                 request.caller.name + "' has " + std::string(store::name_of(request.caller.role)),
                             "ask an administrator for a token with that role", request.id);
  }
  co_return std::nullopt;
}

}  // namespace slipway::http
