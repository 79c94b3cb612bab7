#include "orchestrator/rollouts/compose/mounts.hpp"
#include "orchestrator/rollouts/compose/service_parts.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::string_view secrets_folder = "/run/secrets/";

std::optional<unsigned> mode_of(const std::string& text) {
  unsigned mode = 0;
  if (text.empty() || text.size() > 5) return std::nullopt;
  for (const char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    mode = mode * 8 + static_cast<unsigned>(c - '0');
  }
  return mode;
}

FileGrant read_grant(const YamlNode& item, std::string_view what, Diagnostics& diagnostics) {
  FileGrant grant;
  if (!item.is_map()) {
    grant.source = pipelines::read_text(item, "an item of " + std::string(what), diagnostics).value_or("");
    return grant;
  }
  MapReader map(item, "an item of " + std::string(what), diagnostics);
  if (const YamlNode* source = map.require("source", "source: name")) {
    grant.source = pipelines::read_text(*source, "`source`", diagnostics).value_or("");
  }
  take_text(map, "target", grant.target, diagnostics);
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  take_integer(map, "uid", 0, 0x1FFFFF, uid, diagnostics);
  take_integer(map, "gid", 0, 0x1FFFFF, gid, diagnostics);
  grant.uid = static_cast<int>(uid);
  grant.gid = static_cast<int>(gid);
  std::string mode;
  take_text(map, "mode", mode, diagnostics);
  if (!mode.empty()) {
    const auto number = mode_of(mode);
    if (!number) diagnostics.error(map.at("mode"), "`mode` is an octal number", mode, "write \"0440\"");
    grant.mode = number.value_or(grant.mode);
  }
  map.finish();
  return grant;
}

bool is_file_name(const std::string& name) {
  return !name.empty() && name.size() <= 99 && name.find('/') == std::string::npos && name != "." && name != "..";
}

void decode_secrets(MapReader& map, Service& service, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("secrets");
  if (node == nullptr) return;
  for (const YamlNode& item : node->items) {
    FileGrant grant = read_grant(item, "`secrets`", diagnostics);
    std::string name = grant.target.empty() ? grant.source : grant.target;
    if (name.starts_with(secrets_folder)) name.erase(0, secrets_folder.size());
    if (!is_file_name(name)) {
      diagnostics.error(item.at, "secrets are files right below /run/secrets", grant.target,
                        "write a file name in `target`");
    }
    grant.target = std::string(secrets_folder) + name;
    service.secrets.push_back(std::move(grant));
  }
  if (!node->is_list()) diagnostics.error(node->at, "`secrets` of a service must be a list", node->text);
}

void decode_configs(MapReader& map, Service& service, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("configs");
  if (node == nullptr) return;
  for (const YamlNode& item : node->items) {
    FileGrant grant = read_grant(item, "`configs`", diagnostics);
    if (grant.target.empty()) grant.target = "/" + grant.source;
    const auto slash = grant.target.rfind('/');
    if (!grant.target.starts_with('/') || grant.target.find("/../") != std::string::npos ||
        !is_file_name(grant.target.substr(slash + 1))) {
      diagnostics.error(item.at, "a config's `target` is the absolute path of a file", grant.target);
    }
    service.configs.push_back(std::move(grant));
  }
  if (!node->is_list()) diagnostics.error(node->at, "`configs` of a service must be a list", node->text);
  if (service.read_only && !service.configs.empty()) {
    diagnostics.error(node->at, "a config can't be put into a container whose root is read-only", {},
                      "make it a secret: /run/secrets is a volume of its own");
  }
}

}  // namespace

void decode_storage(MapReader& map, const ComposeRules& rules, Service& service, Diagnostics& diagnostics) {
  if (const YamlNode* volumes = map.find("volumes")) {
    if (!volumes->is_list()) diagnostics.error(volumes->at, "`volumes` of a service must be a list", volumes->text);
    for (const YamlNode& item : volumes->items) read_mount(item, rules, service.volumes, diagnostics);
  }
  if (const YamlNode* tmpfs = map.find("tmpfs")) {
    for (const Placed& item : pipelines::read_texts(*tmpfs, "`tmpfs`", 100, diagnostics)) {
      read_tmpfs(item, service.volumes, diagnostics);
    }
  }
  take_flag(map, "read_only", service.read_only, diagnostics);
  take_bytes(map, "shm_size", service.shm_size, diagnostics);
  decode_secrets(map, service, diagnostics);
  decode_configs(map, service, diagnostics);
}

}  // namespace slipway::rollouts
