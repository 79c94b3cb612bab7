#pragma once
#include "base/clock.hpp"
#include "orchestrator/auth/tokens.hpp"
#include "orchestrator/http/router.hpp"
#include "orchestrator/http/throttle.hpp"

namespace slipway::http {

/// Decides on a request by its head alone, before its body is read: the route, the caller, and whether the caller may.
/// Borrows all it is given.
class Gate {
 public:
  Gate(const Router& router, auth::TokenDesk& desk, const Clock& clock);

  struct Admission {
    const Route* route = nullptr;      ///< set: read the body (up to its limit) and call its handler
    std::optional<Response> response;  ///< else: this is the answer
  };
  /// Fills in the request's parameters and caller.
  awaitable<Admission> admit(Request& request);
  /// Whether it would not admit any more what it admitted this caller to.
  awaitable<bool> would_refuse(TokenId token);

 private:
  awaitable<std::optional<Response>> identify(Request& request, store::Role least);

  const Router& router_;
  auth::TokenDesk& desk_;
  const Clock& clock_;
  Throttle throttle_;
};

}  // namespace slipway::http
