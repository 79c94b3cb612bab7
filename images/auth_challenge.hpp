#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/http_client.hpp"

namespace slipway::images {

/// How a registry wants to be shown who asks (RFC 9110 §11.6.1, and the distribution project's token protocol).
struct AuthChallenge {
  AuthChallenge() = default;
  enum class Scheme { basic, bearer };
  Scheme scheme = Scheme::basic;
  std::string realm;  ///< of a bearer: the URL that hands out tokens
  std::string service;
  std::string scope;
};

/// The challenge among an answer's WWW-Authenticate headers that we can meet, bearer before basic; none if there is
/// none.
std::optional<AuthChallenge> find_challenge(const HttpHeaders& headers);

}  // namespace slipway::images
