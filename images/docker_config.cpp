#include "images/docker_config.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "images/reference.hpp"

namespace slipway::images {
namespace {

constexpr std::string_view kHubServer = "https://index.docker.io/v1/";
constexpr std::size_t kMaxConfig = 1 << 20;

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
  auth.server = registry_server(registry);
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

/// A missing file is an empty one.
Result<DockerConfig> read_docker_config(const std::filesystem::path& file) {
  const Result<std::string> text = read_file(file, kMaxConfig);
  if (!text && text.error().kind == Error::Kind::not_found) return DockerConfig();
  if (!text) return fail(text.error());
  Result<DockerConfig> config = parse_docker_config(*text);
  if (!config) return fail(config.error().in(file.string()));
  return config;
}

}  // namespace

std::string registry_key(std::string_view written) {
  if (const auto scheme = written.find("://"); scheme != std::string_view::npos) written.remove_prefix(scheme + 3);
  std::string host = lower_case(written.substr(0, std::min(written.find('/'), written.size())));
  const bool hub = host == "index.docker.io" || host == "registry-1.docker.io" || host == "registry.hub.docker.com";
  return hub ? std::string(kHub) : host;
}

std::string registry_server(const std::string& key) {
  return key == kHub ? std::string(kHubServer) : key;
}

Result<DockerConfig> parse_docker_config(std::string_view json) {
  const Result<Json> file = parse_json(json);
  if (!file || !file->is_object()) return fail(Error::Kind::invalid, "not a JSON object");
  DockerConfig config;
  config.default_helper = text_at(*file, "credsStore");
  if (!config.default_helper.empty() && !is_helper_name(config.default_helper)) {
    return fail(Error::Kind::invalid, "credsStore is no name of a credential helper");
  }
  if (const Json& helpers = value_at(*file, "credHelpers"); helpers.is_object()) {
    for (const auto& [registry, name] : helpers.items()) {
      if (!name.is_string() || !is_helper_name(name.get_ref<const std::string&>())) {
        return fail(Error::Kind::invalid, "credHelpers: no name of a credential helper for " + registry);
      }
      config.helpers[registry_key(registry)] = name.get<std::string>();
    }
  }
  if (const Json& auths = value_at(*file, "auths"); auths.is_object()) {
    for (const auto& [registry, entry] : auths.items()) {
      const std::string key = registry_key(registry);
      Result<docker::RegistryAuth> auth = read_entry(entry, key);
      if (!auth) return fail(auth.error());
      if (!auth->anonymous()) config.auths[key] = std::move(*auth);
    }
  }
  return config;
}

/// All zero if there is no such file.
DockerConfigFile::Stamp DockerConfigFile::stamp_of(const std::filesystem::path& file) {
  struct stat found{};
  if (::stat(file.c_str(), &found) != 0) return {};
  const auto nanoseconds = [](const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  };
  return {static_cast<std::int64_t>(found.st_dev), static_cast<std::int64_t>(found.st_ino),
          static_cast<std::int64_t>(found.st_size), nanoseconds(found.st_mtim), nanoseconds(found.st_ctim)};
}

Result<DockerConfigFile> DockerConfigFile::open(std::filesystem::path file) {
  DockerConfigFile opened;
  opened.stamp_ = stamp_of(file);
  Result<DockerConfig> config = read_docker_config(file);
  if (!config) return fail(config.error());
  opened.config_ = std::move(*config);
  opened.file_ = std::move(file);
  return opened;
}

const DockerConfig& DockerConfigFile::now() {
  if (file_.empty()) return config_;
  // Before it is read: what is written meanwhile is then another file the next time.
  const Stamp stamp = stamp_of(file_);
  if (stamp == stamp_) return config_;
  stamp_ = stamp;
  Result<DockerConfig> config = read_docker_config(file_);
  if (config) {
    config_ = std::move(*config);
    log::info("credentials are read anew", {{"file", file_.string()}});
  } else {
    log::warn("credentials can't be read anew, those of before hold",
              {{"file", file_.string()}, {"why", config.error()}});
  }
  return config_;
}

}  // namespace slipway::images
