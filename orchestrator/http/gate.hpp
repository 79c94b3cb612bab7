#pragma once
#include <functional>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "orchestrator/http/router.hpp"
#include "orchestrator/http/throttle.hpp"

namespace slipway::http {

/// Whose token this is; anything else is Kind::unauthorized.
using Authenticate = std::function<awaitable<Result<Caller>>(Secret token)>;

/// Decides on a request by its head alone, before its body is read: the route, the caller, and whether the caller may.
/// Borrows the router and the clock.
class Gate {
 public:
  Gate(const Router& router, Authenticate authenticate, const Clock& clock);

  struct Admission {
    const Route* route = nullptr;      ///< set: read the body (up to its limit) and call its handler
    std::optional<Response> response;  ///< else: this is the answer
  };
  /// Fills in the request's parameters and caller.
  awaitable<Admission> admit(Request& request);

 private:
  awaitable<std::optional<Response>> identify(Request& request, store::Role least);

  const Router& router_;
  Authenticate authenticate_;
  const Clock& clock_;
  Throttle throttle_;
};

}  // namespace slipway::http
