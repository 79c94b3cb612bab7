#include "images/credentials.hpp"

#include <set>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/process.hpp"

namespace slipway::images {
namespace {

constexpr std::string_view kTokenUser = "<token>";
constexpr auto kHelperDeadline = std::chrono::seconds(30);

Result<docker::RegistryAuth> read_answer(const std::string& output, const std::string& helper, const std::string& key) {
  const Result<Json> answer = parse_json(output);
  // Not the parser's message: it quotes what it read.
  if (!answer || !answer->is_object()) return fail(Error::Kind::protocol, helper + ": its answer is no JSON object");
  docker::RegistryAuth auth;
  auth.server = registry_server(key);
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
  spec.input = registry_server(key);
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

Result<Credentials> Credentials::load(const std::filesystem::path& file) {
  Result<DockerConfigFile> config = DockerConfigFile::open(file);
  if (!config) return fail(config.error());
  Credentials credentials;
  credentials.config_ = std::move(*config);
  return credentials;
}

Result<Credentials> Credentials::parse(std::string_view json) {
  Result<DockerConfig> config = parse_docker_config(json);
  if (!config) return fail(config.error());
  Credentials credentials;
  credentials.config_ = DockerConfigFile(std::move(*config));
  return credentials;
}

void Credentials::set(std::string_view registry, docker::RegistryAuth auth) {
  const std::string key = registry_key(registry);
  auth.server = registry_server(key);
  settings_[key] = std::move(auth);
}

awaitable<Result<docker::RegistryAuth>> Credentials::for_registry(std::string registry) const {
  const std::string key = registry_key(registry);
  if (const auto found = settings_.find(key); found != settings_.end()) co_return found->second;
  // Copies: while a helper is asked, the file may be read anew.
  const DockerConfig& config = config_.now();
  const auto own_helper = config.helpers.find(key);
  const std::string helper = own_helper != config.helpers.end() ? own_helper->second : config.default_helper;
  const auto entry = config.auths.find(key);
  const docker::RegistryAuth in_file = entry == config.auths.end() ? docker::RegistryAuth() : entry->second;
  if (!helper.empty()) {
    Result<docker::RegistryAuth> auth = co_await ask_helper(helper, key, environment_);
    if (!auth || !auth->anonymous()) co_return auth;
  }
  co_return in_file;
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
  const DockerConfig& config = config_.now();
  for (const auto& [name, value] : config.helpers) names.insert(name);
  for (const auto& [name, value] : config.auths) names.insert(name);
  return {names.begin(), names.end()};
}

}  // namespace slipway::images
