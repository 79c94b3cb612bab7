#pragma once
#include <map>
#include <optional>
#include <string>

#include "images/auth_challenge.hpp"
#include "images/registry_client.hpp"

namespace slipway::images {

/// Makes requests to registries carry proof of who asks. Keeps tokens until shortly before they expire, and which
/// registries want basic authentication, so that the second request needs no challenge. Borrows `pool` and `clock`.
class RegistryTokens {
 public:
  RegistryTokens(Pool& pool, const Clock& clock, const RegistrySettings& settings)
      : pool_(pool), clock_(clock), settings_(settings) {}

  /// Adds what is known from before.
  void add_known(HttpRequest& request, const Reference& reference, const docker::RegistryAuth& auth);
  /// After a 401 with `headers`: the request with what was asked for, or why that can't be given. Fetches a token if
  /// that is it.
  awaitable<Result<HttpRequest>> answer(HttpHeaders headers, HttpRequest request, Reference reference,
                                        docker::RegistryAuth auth);

 private:
  struct Token {
    Token() = default;
    Secret value;
    Time expires{};
  };
  awaitable<Result<Token>> fetch(AuthChallenge challenge, Reference reference, docker::RegistryAuth auth);
  void keep(const std::string& key, Token token);

  Pool& pool_;
  const Clock& clock_;
  const RegistrySettings& settings_;
  std::map<std::string, Token> tokens_;
  std::set<std::string> basic_;  // registries
};

}  // namespace slipway::images
