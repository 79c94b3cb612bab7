#include "images/registry_tokens.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "images/registry_error.hpp"
#include "images/registry_url.hpp"

namespace slipway::images {
namespace {

constexpr std::size_t kMaxTokens = 256;
constexpr std::size_t kMaxAnswer = 1 << 20;
constexpr std::int64_t kDefaultLife = 60;  // seconds; of the distribution project's token protocol
constexpr std::int64_t kMaxLife = 3600;
constexpr auto kMargin = std::chrono::seconds(10);

/// One key for each repository and each way of showing oneself, so that changed credentials aren't served old tokens.
std::string cache_key(const Reference& reference, const docker::RegistryAuth& auth) {
  const std::string proof = auth.username + "\n" + auth.password.reveal() + "\n" + auth.identity_token.reveal();
  return reference.repository() + " " + sha256_hex(proof);
}

/// What the registry says the request needs; else what it needs by the distribution project's
/// registry/handlers/app.go (appendAccessRecords).
std::string scope_of(const AuthChallenge& challenge, const HttpRequest& request, const Reference& reference) {
  if (!challenge.scope.empty()) return challenge.scope;
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const char* const actions = reads ? "pull" : request.method == "DELETE" ? "delete" : "pull,push";
  return "repository:" + reference.path + ":" + actions;
}

/// The question that the token protocol asks by GET, with basic authentication if there is somebody to be.
HttpRequest get_token(const AuthChallenge& challenge, const docker::RegistryAuth& auth) {
  const char* joint = challenge.realm.find('?') == std::string::npos ? "?" : "&";
  std::string url = challenge.realm + joint + "scope=" + percent_encode(challenge.scope);
  if (!challenge.service.empty()) url += "&service=" + percent_encode(challenge.service);
  HttpRequest request("GET", std::move(url));
  request.username = auth.username;
  request.password = auth.password;
  return request;
}

/// The same for who has an identity token: an OAuth 2 refresh.
HttpRequest refresh_token(const AuthChallenge& challenge, const docker::RegistryAuth& auth) {
  HttpRequest request("POST", challenge.realm);
  request.follow_redirects = false;  // the body would go along
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  request.body = "grant_type=refresh_token&client_id=slipway&service=" + percent_encode(challenge.service) +
                 "&scope=" + percent_encode(challenge.scope) +
                 "&refresh_token=" + percent_encode(auth.identity_token.reveal());
  return request;
}

}  // namespace

void RegistryTokens::add_known(HttpRequest& request, const Reference& reference, const docker::RegistryAuth& auth) {
  const auto found = tokens_.find(cache_key(reference, auth));
  if (found != tokens_.end() && clock_.now() < found->second.expires) {
    request.bearer = found->second.value;
  } else if (basic_.contains(reference.registry)) {
    request.username = auth.username;
    request.password = auth.password;
  }
}

awaitable<Result<HttpRequest>> RegistryTokens::answer(HttpHeaders headers, HttpRequest request, Reference reference,
                                                      docker::RegistryAuth auth) {
  std::optional<AuthChallenge> challenge = find_challenge(headers);
  request.bearer = request.password = Secret();
  request.username.clear();
  if (!challenge) co_return fail(Error::Kind::unauthorized, "the registry refuses, and doesn't say how to log in");
  if (challenge->scheme == AuthChallenge::Scheme::bearer) {
    challenge->scope = scope_of(*challenge, request, reference);
    Result<Token> token = co_await fetch(*challenge, reference, auth);
    if (!token) co_return fail(token.error());
    request.bearer = token->value;
    keep(cache_key(reference, auth), std::move(*token));
    co_return request;
  }
  if (auth.username.empty()) {
    co_return fail(Error::Kind::unauthorized, "the registry asks for a user name and a password",
                   "give credentials for " + reference.registry);
  }
  basic_.insert(reference.registry);
  request.username = auth.username;
  request.password = auth.password;
  co_return request;
}

awaitable<Result<RegistryTokens::Token>> RegistryTokens::fetch(AuthChallenge challenge, Reference reference,
                                                               docker::RegistryAuth auth) {
  const Result<void> trusted = check_realm(challenge.realm, registry_origin(reference.registry, settings_), settings_);
  if (!trusted) co_return fail(trusted.error());
  HttpRequest request = auth.identity_token.empty() ? get_token(challenge, auth) : refresh_token(challenge, auth);
  request.timeout = settings_.timeout;
  request.body_limit = kMaxAnswer;
  if (const auto ca = settings_.ca_files.find(reference.registry); ca != settings_.ca_files.end()) {
    const bool same_host = origin_of(challenge.realm) == registry_origin(reference.registry, settings_);
    if (same_host) request.ca_file = ca->second;
  }
  const Time asked = clock_.now();
  Result<HttpResponse> response = co_await send_http(pool_, std::move(request));
  if (!response) co_return fail(response.error().in("get a token"));
  if (!response->ok()) co_return fail(registry_error(*response).in("get a token from " + origin_of(challenge.realm)));
  const Result<Json> answer = parse_json(response->body);
  Token token;
  if (answer) token.value = Secret(text_at(*answer, "token", text_at(*answer, "access_token")));
  if (token.value.empty()) co_return fail(Error::Kind::protocol, "the token service's answer holds no token");
  const std::int64_t life = std::clamp<std::int64_t>(number_at(*answer, "expires_in", kDefaultLife), 0, kMaxLife);
  token.expires = asked + std::chrono::seconds(life) - kMargin;
  co_return token;
}

void RegistryTokens::keep(const std::string& key, Token token) {
  const Time now = clock_.now();
  std::erase_if(tokens_, [&](const auto& kept) { return kept.second.expires <= now; });
  if (tokens_.size() >= kMaxTokens) tokens_.clear();
  tokens_[key] = std::move(token);
}

}  // namespace slipway::images
