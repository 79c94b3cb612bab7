#include <algorithm>

#include "orchestrator/rollouts/compose/service_parts.hpp"

namespace slipway::rollouts {
namespace {

/// What the Engine gives every container anyway, and what lets nobody out of one.
const std::vector<std::string_view> harmless{
    "AUDIT_WRITE", "CHOWN",   "DAC_OVERRIDE", "FOWNER",  "FSETID", "KILL",       "MKNOD",    "NET_BIND_SERVICE",
    "NET_RAW",     "SETFCAP", "SETGID",       "SETPCAP", "SETUID", "SYS_CHROOT", "IPC_LOCK", "SYS_NICE"};

void decode_capabilities(MapReader& map, Service& service, Diagnostics& diagnostics) {
  take_texts(map, "cap_drop", service.cap_drop, diagnostics);
  const YamlNode* node = map.find("cap_add");
  if (node == nullptr) return;
  for (Placed& one : pipelines::read_texts(*node, "`cap_add`", 50, diagnostics)) {
    std::string_view name = one.text;
    if (name.starts_with("CAP_")) name.remove_prefix(4);
    if (std::find(harmless.begin(), harmless.end(), name) == harmless.end()) {
      diagnostics.error(one.at, "this capability gives power over the host, which applications do not get", one.text,
                        "allowed are those of the Engine's default set, IPC_LOCK and SYS_NICE");
    }
    service.cap_add.push_back(std::move(one.text));
  }
}

/// A label's type or user can take SELinux off a container, as `spc_t` does; its level can't.
void decode_security_options(MapReader& map, Service& service, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("security_opt");
  if (node == nullptr) return;
  for (Placed& one : pipelines::read_texts(*node, "`security_opt`", 20, diagnostics)) {
    const bool fits = one.text == "no-new-privileges" || one.text == "no-new-privileges:true" ||
                      one.text == "no-new-privileges=true" || one.text.starts_with("label:level:") ||
                      one.text.starts_with("label=level:");
    if (!fits) {
      diagnostics.error(one.at, "this option would weaken the container's walls, or names a file of the host", one.text,
                        "allowed are no-new-privileges and label:level:…");
    }
    service.security_options.push_back(std::move(one.text));
  }
}

void decode_ulimits(MapReader& map, Service& service, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("ulimits");
  if (node == nullptr) return;
  constexpr std::int64_t most = std::int64_t(1) << 40;
  each_named(*node, "`ulimits`", diagnostics, [&](const std::string& name, const YamlNode& value, Position) {
    Ulimit limit;
    limit.name = name;
    if (value.is_map()) {
      MapReader pair(value, "an entry of `ulimits`", diagnostics);
      take_integer(pair, "soft", -1, most, limit.soft, diagnostics);
      take_integer(pair, "hard", -1, most, limit.hard, diagnostics);
      pair.finish();
    } else {
      limit.soft = limit.hard = pipelines::read_integer(value, "`" + name + "`", -1, most, diagnostics).value_or(0);
    }
    service.ulimits.push_back(std::move(limit));
  });
}

}  // namespace

void decode_security(MapReader& map, const ComposeRules& rules, Service& service, Diagnostics& diagnostics) {
  decode_capabilities(map, service, diagnostics);
  decode_security_options(map, service, diagnostics);
  take_pairs(map, "sysctls", service.sysctls, "write NAME: value", diagnostics);
  decode_ulimits(map, service, diagnostics);
  decode_logging(map, rules, service, diagnostics);
  decode_resources(map, service, diagnostics);
}

void refuse_service_keys(MapReader& map) {
  map.foreign("build", "build it in slipway.yml, and name it in the job's deploy.images");
  map.foreign("privileged", "applications do not get power over the host");
  map.foreign("container_name", "slipway names containers <application>-<service>-g<generation>-<replica>");
  map.foreign("links", "services reach each other by name: leave it out");
  map.foreign("external_links", "put both applications into one external network");
  map.foreign("extends", "write the service out, or use YAML anchors");
  map.foreign("profiles", "all services of the file are rolled out: split the file");
  map.foreign("develop", "it is for a developer's machine");
  map.foreign("volumes_from", "name the volumes in both services");
  for (const char* key : {"devices", "device_cgroup_rules", "gpus", "pid", "ipc", "uts", "userns_mode", "cgroup",
                          "cgroup_parent", "runtime", "credential_spec", "isolation", "storage_opt"}) {
    map.foreign(key, "slipway does not let applications reach into the host");
  }
  for (const char* key :
       {"label_file",  "annotations",   "attach",         "mac_address",      "blkio_config",   "cpu_count",
        "cpu_percent", "cpu_shares",    "cpu_period",     "cpu_quota",        "cpu_rt_runtime", "cpu_rt_period",
        "cpuset",      "memswap_limit", "mem_swappiness", "oom_kill_disable", "oom_score_adj",  "post_start",
        "pre_stop",    "provider",      "use_api_socket"}) {
    map.later(key);
  }
}

}  // namespace slipway::rollouts
