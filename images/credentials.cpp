#include "images/credentials.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "images/reference.hpp"

namespace slipway::images {
namespace {

constexpr std::string_view kHubServer = "https://index.docker.io/v1/";
constexpr std::string_view kTokenUser = "<token>";
constexpr std::size_t kMaxConfig = 1 << 20;
constexpr auto kHelperDeadline = std::chrono::seconds(30);

/// What helpers and Engines call a registry.
std::string server_of(const std::string& key) {
  return key == kHub ? std::string(kHubServer) : key;
}

bool is_helper_name(std::string_view name) {
  const auto fits = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; };
  return !name.empty() && name.size() <= 64 && name.front() != '.' && std::all_of(name.begin(), name.end(), fits);
}

Error bad_entry(const std::string& registry, const char* why) {
  return {Error::Kind::invalid, "credentials of " + registry + ": " + why};
}

/// Fills in user and password from base64 of "user:password".
Result<void> decode_pair(const std::string& encoded, const std::string& registry, docker::RegistryAuth& auth) {
  const Result<std::string> pair = from_base64(encoded);
  if (!pair) return fail(bad_entry(registry, "'auth' is no base64"));
  const auto colon = pair->find(':');
  if (colon == std::string::npos || colon == 0) return fail(bad_entry(registry, "'auth' is no user and password"));
  std::string password = pair->substr(colon + 1);
  password.resize(std::min(password.find('\0'), password.size()));
  auth.username = pair->substr(0, colon);
  auth.password = Secret(std::move(password));
  return {};
}

Result<docker::RegistryAuth> read_entry(const Json& entry, const std::string& registry) {
  docker::RegistryAuth auth;
  auth.server = server_of(registry);
  auth.username = text_at(entry, "username");
  auth.password = Secret(text_at(entry, "password"));
  auth.identity_token = Secret(text_at(entry, "identitytoken"));
  if (const std::string pair = text_at(entry, "auth"); !pair.empty()) {
    if (Result<void> good = decode_pair(pair, registry, auth); !good) return fail(good.error());
  }
  if (auth.anonymous() && !text_at(entry, "registrytoken").empty()) {
    return fail(bad_entry(registry, "'registrytoken' is not supported"));
  }
  return auth;
}

Result<docker::RegistryAuth> read_answer(const std::string& output, const std::string& helper, const std::string& key) {
  const Result<Json> answer = parse_json(output);
  // Not the parser's message: it quotes what it read.
  if (!answer || !answer->is_object()) return fail(Error::Kind::protocol, helper + ": its answer is no JSON object");
  docker::RegistryAuth auth;
  auth.server = server_of(key);
  const std::string user = text_at(*answer, "Username");
  Secret secret(text_at(*answer, "Secret"));
  if (user == kTokenUser) {
    auth.identity_token = std::move(secret);
  } else {
    auth.username = user;
    auth.password = std::move(secret);
  }
  return auth;
}

/// Helpers say this on their standard output, with exit code 1, about a registry they don't know.
bool says_unknown(const std::string& output) {
  return output.find("credentials not found") != std::string::npos;
}

awaitable<Result<docker::RegistryAuth>> ask_helper(std::string name, std::string key,
                                                   std::map<std::string, std::string> environment) {
  const std::string program = "docker-credential-" + name;
  ProcessSpec spec(program, {"get"});
  spec.input = server_of(key);
  spec.environment = std::move(environment);
  spec.deadline = kHelperDeadline;
  spec.output_limit = 64 << 10;
  const Result<ProcessOutcome> outcome = co_await run_process(std::move(spec));
  if (!outcome) co_return fail(outcome.error().in("credentials of " + key));
  if (outcome->exit_code != 0 && says_unknown(outcome->output)) co_return docker::RegistryAuth();
  if (outcome->exit_code != 0) {
    co_return fail(Error::Kind::failed,
                   program + " get failed for " + key + ", exit code " + std::to_string(outcome->exit_code));
  }
  co_return read_answer(outcome->output, program, key);
}

}  // namespace

std::string registry_key(std::string_view written) {
  if (const auto scheme = written.find("://"); scheme != std::string_view::npos) written.remove_prefix(scheme + 3);
  std::string host = lower_case(written.substr(0, std::min(written.find('/'), written.size())));
  const bool hub = host == "index.docker.io" || host == "registry-1.docker.io" || host == "registry.hub.docker.com";
  return hub ? std::string(kHub) : host;
}

Result<Credentials> Credentials::load(const std::filesystem::path& file) {
  const Result<std::string> text = read_file(file, kMaxConfig);
  if (!text && text.error().kind == Error::Kind::not_found) return Credentials();
  if (!text) return fail(text.error());
  Result<Credentials> credentials = parse(*text);
  if (!credentials) return fail(credentials.error().in(file.string()));
  return credentials;
}

Result<Credentials> Credentials::parse(std::string_view json) {
  const Result<Json> config = parse_json(json);
  if (!config || !config->is_object()) return fail(Error::Kind::invalid, "not a JSON object");
  Credentials credentials;
  credentials.default_helper_ = text_at(*config, "credsStore");
  if (!credentials.default_helper_.empty() && !is_helper_name(credentials.default_helper_)) {
    return fail(Error::Kind::invalid, "credsStore is no name of a credential helper");
  }
  if (const Json& helpers = value_at(*config, "credHelpers"); helpers.is_object()) {
    for (const auto& [registry, name] : helpers.items()) {
      if (!name.is_string() || !is_helper_name(name.get_ref<const std::string&>())) {
        return fail(Error::Kind::invalid, "credHelpers: no name of a credential helper for " + registry);
      }
      credentials.helpers_[registry_key(registry)] = name.get<std::string>();
    }
  }
  if (const Json& auths = value_at(*config, "auths"); auths.is_object()) {
    for (const auto& [registry, entry] : auths.items()) {
      const std::string key = registry_key(registry);
      Result<docker::RegistryAuth> auth = read_entry(entry, key);
      if (!auth) return fail(auth.error());
      if (!auth->anonymous()) credentials.file_[key] = std::move(*auth);
    }
  }
  return credentials;
}

void Credentials::set(std::string_view registry, docker::RegistryAuth auth) {
  const std::string key = registry_key(registry);
  auth.server = server_of(key);
  settings_[key] = std::move(auth);
}

awaitable<Result<docker::RegistryAuth>> Credentials::for_registry(std::string registry) const {
  const std::string key = registry_key(registry);
  if (const auto found = settings_.find(key); found != settings_.end()) co_return found->second;
  const auto own_helper = helpers_.find(key);
  const std::string helper = own_helper != helpers_.end() ? own_helper->second : default_helper_;
  if (!helper.empty()) {
    Result<docker::RegistryAuth> auth = co_await ask_helper(helper, key, environment_);
    if (!auth || !auth->anonymous()) co_return auth;
  }
  const auto found = file_.find(key);
  co_return found == file_.end() ? docker::RegistryAuth() : found->second;
}

awaitable<Result<docker::RegistryAuths>> Credentials::for_registries(std::vector<std::string> registries) const {
  docker::RegistryAuths all;
  for (const std::string& registry : registries) {
    Result<docker::RegistryAuth> auth = co_await for_registry(registry);
    if (!auth) co_return fail(auth.error());
    if (auth->anonymous()) continue;
    std::string server = auth->server;
    all.emplace(std::move(server), std::move(*auth));
  }
  co_return all;
}

std::vector<std::string> Credentials::known() const {
  std::set<std::string> names;
  for (const auto& [name, value] : settings_) names.insert(name);
  for (const auto& [name, value] : helpers_) names.insert(name);
  for (const auto& [name, value] : file_) names.insert(name);
  return {names.begin(), names.end()};
}

}  // namespace slipway::images
