#include "docker-client/system.hpp"

#include <nlohmann/json.hpp>

#include "docker-client/call.hpp"
#include "docker-client/json_fields.hpp"

namespace slipway::docker {

awaitable<Result<void>> System::ping() {
  Request request("GET", "/_ping");
  request.versioned = false;
  request.patience = std::chrono::seconds(10);
  co_return co_await call(transport_, std::move(request), "ping");
}

awaitable<Result<EngineVersion>> System::version() {
  Request request("GET", "/version");
  Result<Json> body = co_await call_json(transport_, std::move(request), "engine version");
  if (!body) co_return fail(std::move(body.error()));
  EngineVersion version;
  version.version = text_at(*body, "Version");
  version.api = parse_api_version(text_at(*body, "ApiVersion")).value_or(ApiVersion());
  version.minimum_api = parse_api_version(text_at(*body, "MinAPIVersion")).value_or(ApiVersion());
  version.os = text_at(*body, "Os");
  version.architecture = text_at(*body, "Arch");
  version.kernel = text_at(*body, "KernelVersion");
  co_return version;
}

awaitable<Result<EngineInfo>> System::info() {
  Request request("GET", "/info");
  Result<Json> body = co_await call_json(transport_, std::move(request), "engine info");
  if (!body) co_return fail(std::move(body.error()));
  EngineInfo info;
  info.id = text_at(*body, "ID");
  info.name = text_at(*body, "Name");
  info.operating_system = text_at(*body, "OperatingSystem");
  info.kernel = text_at(*body, "KernelVersion");
  info.architecture = text_at(*body, "Architecture");
  info.storage_driver = text_at(*body, "Driver");
  info.logging_driver = text_at(*body, "LoggingDriver");
  info.cgroup_version = text_at(*body, "CgroupVersion");
  info.cpus = static_cast<int>(number_at(*body, "NCPU"));
  info.memory_bytes = number_at(*body, "MemTotal");
  info.containers = static_cast<int>(number_at(*body, "Containers"));
  info.containers_running = static_cast<int>(number_at(*body, "ContainersRunning"));
  info.images = static_cast<int>(number_at(*body, "Images"));
  info.live_restore = flag_at(*body, "LiveRestoreEnabled");
  info.security_options = strings_at(*body, "SecurityOptions");
  info.warnings = strings_at(*body, "Warnings");
  info.insecure_registries = strings_at(value_at(*body, "RegistryConfig"), "InsecureRegistryCIDRs");
  co_return info;
}

}  // namespace slipway::docker
