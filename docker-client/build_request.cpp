#include "docker-client/build_request.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace slipway::docker {
namespace {

constexpr std::size_t id_limit = 128;

Result<void> check(const BuildSpec& spec, Builder builder) {
  if (spec.id.empty() || spec.id.size() > id_limit) {
    return fail(Error::Kind::invalid, "a build's id has 1 to " + std::to_string(id_limit) + " characters");
  }
  if (spec.dockerfile.empty()) return fail(Error::Kind::invalid, "the Dockerfile's path is empty");
  if (builder == Builder::buildkit && !spec.credentials.empty()) {
    return fail(Error::Kind::invalid, "BuildKit takes no credentials for base images without a session",
                "pull the private base images first (BuildKit uses what the engine has), or use the classic builder");
  }
  return {};
}

void add_flag(Request& request, std::string name, bool on) {
  if (on) request.with(std::move(name), "1");
}

void add_text(Request& request, std::string name, const std::string& value) {
  if (!value.empty()) request.with(std::move(name), value);
}

void add_limits(Request& request, const BuildSpec& spec) {
  if (spec.memory_bytes > 0) request.with("memory", std::to_string(spec.memory_bytes));
  if (spec.memory_swap_bytes != 0) request.with("memswap", std::to_string(spec.memory_swap_bytes));
}

}  // namespace

Result<Request> build_request(const BuildSpec& spec, Builder builder) {
  Result<void> sound = check(spec, builder);
  if (!sound) return fail(sound.error());
  Request request("POST", "/build");
  request.content_type = "application/x-tar";
  request.patience = slow_start;
  request.with("version", builder == Builder::buildkit ? "2" : "1");
  request.with("buildid", spec.id).with("dockerfile", spec.dockerfile);
  add_text(request, "target", spec.target);
  add_text(request, "platform", spec.platform);
  add_text(request, "networkmode", spec.network);
  for (const std::string& tag : spec.tags) request.with("t", tag);
  for (const std::string& host : spec.extra_hosts) request.with("extrahosts", host);
  std::map<std::string, std::string> arguments = spec.arguments;
  if (builder == Builder::buildkit && !spec.cache_mounts.empty()) {
    arguments["BUILDKIT_CACHE_MOUNT_NS"] = spec.cache_mounts;
  }
  if (!arguments.empty()) request.with("buildargs", dump_json(Json(arguments)));
  if (!spec.labels.empty()) request.with("labels", dump_json(Json(spec.labels)));
  if (!spec.cache_from.empty()) request.with("cachefrom", dump_json(Json(spec.cache_from)));
  add_flag(request, "nocache", spec.no_cache);
  add_flag(request, "pull", spec.pull);
  if (builder == Builder::classic) {
    request.with("rm", "1").with("forcerm", "1");
    add_limits(request, spec);
    if (!spec.credentials.empty()) {
      request.header("X-Registry-Config", auth_config_header(spec.credentials).reveal());
    }
  }
  return request;
}

Builder builder_of(const Headers& ping) {
  const std::string_view named = find_header(ping, "builder-version");
  if (find_header(ping, "ostype") == "windows" || named == "1") return Builder::classic;
  const auto version = parse_api_version(find_header(ping, "api-version"));
  const bool known = named == "2" || (version && *version >= ApiVersion{1, 39});
  return known ? Builder::buildkit : Builder::classic;
}

}  // namespace slipway::docker
