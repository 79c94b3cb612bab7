#include "tests/integration/images/token_server.hpp"

#include <chrono>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/files.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "tests/support/run_async.hpp"

namespace slipway::images {
namespace {

std::string run_openssl(std::vector<std::string> words, std::string input = {}) {
  ProcessSpec spec("openssl", std::move(words));
  spec.input = std::move(input);
  const auto ran = run_async(run_process(std::move(spec)));
  if (!ran || ran->exit_code != 0) throw std::runtime_error("openssl: " + (ran ? ran->errors : ran.error().message));
  return ran->output;
}

/// Base64url without padding, as JSON web tokens have it.
std::string url64(std::string_view bytes) {
  std::string text = to_base64url(bytes);
  text.resize(text.find_last_not_of('=') + 1);
  return text;
}

std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      plain += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      plain += text[i] == '+' ? ' ' : text[i];
    }
  }
  return plain;
}

/// The values of `name` in "a=1&b=2".
std::vector<std::string> values(std::string_view query, const std::string& name) {
  std::vector<std::string> found;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.starts_with(name + "=")) found.push_back(decoded(pair.substr(name.size() + 1)));
  }
  return found;
}

/// "repository:name:pull,push" as an entry of a token's `access`.
Json access_of(const std::string& scope) {
  const auto first = scope.find(':');
  const auto last = scope.rfind(':');
  Json entry = {{"type", scope.substr(0, first)}, {"name", scope.substr(first + 1, last - first - 1)}};
  std::string actions = scope.substr(last + 1);
  for (std::size_t comma = 0; !actions.empty(); actions.erase(0, comma + 1)) {
    comma = std::min(actions.find(','), actions.size() - 1);
    std::string action = actions.substr(0, comma + 1);
    if (action.ends_with(',')) action.pop_back();
    entry["actions"].push_back(std::move(action));
  }
  return entry;
}

}  // namespace

TokenServer::TokenServer(std::filesystem::path folder)
    : folder_(std::move(folder)), server_([this](const SmallServer::Asked& asked) { return answer(asked); }) {
  run_openssl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=slipway test tokens",
               "-keyout", folder_ / "key.pem", "-out", folder_ / "cert.pem"});
}

SmallServer::Answer TokenServer::answer(const SmallServer::Asked& asked) const {
  const bool post = asked.line.starts_with("POST ");
  const std::string query =
      post ? asked.body : asked.path.substr(std::min(asked.path.find('?') + 1, asked.path.size()));
  const std::string pair = to_base64(std::string(user) + ":" + password);
  const bool known = post ? values(query, "refresh_token") == std::vector<std::string>{refresh}
                          : asked.head.find("Authorization: Basic " + pair + "\r\n") != std::string::npos;
  if (!known || values(query, "service") != std::vector<std::string>{service}) {
    return {401, Json({{"details", "incorrect username or password"}}).dump()};
  }
  return {200, Json({{"token", token(values(query, "scope"))}, {"expires_in", 300}}).dump()};
}

std::string TokenServer::token(const std::vector<std::string>& scopes) const {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(SystemClock().now().time_since_epoch()).count();
  const std::string certificate_der = run_openssl({"x509", "-in", certificate(), "-outform", "DER"});
  const Json header = {{"typ", "JWT"}, {"alg", "RS256"}, {"x5c", {to_base64(certificate_der)}}};
  Json claims = {{"iss", issuer},   {"sub", user}, {"aud", service},      {"exp", now + 300},
                 {"nbf", now - 10}, {"iat", now},  {"jti", random_hex(8)}};
  claims["access"] = Json::array();
  for (const std::string& scope : scopes) claims["access"].push_back(access_of(scope));
  const std::string signed_part = url64(header.dump()) + "." + url64(claims.dump());
  return signed_part + "." + url64(run_openssl({"dgst", "-sha256", "-sign", folder_ / "key.pem"}, signed_part));
}

}  // namespace slipway::images
