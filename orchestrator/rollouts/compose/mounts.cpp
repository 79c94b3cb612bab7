#include "orchestrator/rollouts/compose/mounts.hpp"

#include <algorithm>
#include <filesystem>

namespace slipway::rollouts {
namespace {

bool is_path(const std::string& source) {
  return source.starts_with('/') || source.starts_with('.') || source.starts_with('~');
}

void check_source(VolumeMount& mount, Position at, const ComposeRules& rules, Diagnostics& diagnostics) {
  if (mount.kind == VolumeMount::Kind::bind) {
    if (!mount.source.starts_with('/')) {
      diagnostics.error(at, "a bind mount needs an absolute path: hosts have no checkout", mount.source);
    } else if (!may_bind(mount.source, rules)) {
      diagnostics.error(at, "applications get no bind mounts", mount.source, bind_help(rules));
    }
  }
  if (mount.kind == VolumeMount::Kind::volume && !mount.source.empty() && !is_plain_name(mount.source)) {
    diagnostics.error(at, "a volume's name is made of letters, digits, '_', '.' and '-'", mount.source);
  }
  if (!mount.target.starts_with('/') || mount.target == "/") {
    diagnostics.error(at, "the path in the container must be absolute, and not '/'", mount.target);
  }
}

/// False for a word that is no mode.
bool apply_mode(const std::string& word, VolumeMount& mount) {
  static const std::vector<std::string> propagations{"private", "rprivate", "shared", "rshared", "slave", "rslave"};
  if (word == "ro") {
    mount.read_only = true;
  } else if (word == "nocopy" && mount.kind == VolumeMount::Kind::volume) {
    mount.no_copy = true;
  } else if (mount.kind == VolumeMount::Kind::bind &&
             std::find(propagations.begin(), propagations.end(), word) != propagations.end()) {
    mount.propagation = word;
  } else {
    return word == "rw";
  }
  return true;
}

void read_short(const YamlNode& item, const ComposeRules& rules, std::vector<VolumeMount>& into,
                Diagnostics& diagnostics) {
  const auto text = pipelines::read_text(item, "an item of `volumes`", diagnostics);
  if (!text) return;
  const std::vector<std::string> parts = split(*text, ':');
  if (parts.size() > 3) {
    diagnostics.error(item.at, "a volume that is not understood", *text, "write \"source:/target:ro\"");
    return;
  }
  VolumeMount mount;
  mount.target = parts.size() == 1 ? parts[0] : parts[1];
  if (parts.size() > 1) mount.source = parts[0];
  if (is_path(mount.source)) {
    mount.kind = VolumeMount::Kind::bind;
    mount.create_host_path = true;
  }
  for (const std::string& word : parts.size() == 3 ? split(parts[2], ',') : std::vector<std::string>()) {
    if (!apply_mode(word, mount)) {
      diagnostics.error(item.at, "`" + word + "` is no mode of a volume that slipway knows", *text,
                        "use ro, rw, nocopy, or a propagation such as rslave");
    }
  }
  check_source(mount, item.at, rules, diagnostics);
  into.push_back(std::move(mount));
}

std::optional<unsigned> octal(std::string_view text) {
  if (text.starts_with("0o")) text.remove_prefix(2);
  if (text.empty() || text.size() > 5) return std::nullopt;
  unsigned mode = 0;
  for (const char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    mode = mode * 8 + static_cast<unsigned>(c - '0');
  }
  return mode;
}

void read_options(MapReader& map, VolumeMount& mount, Diagnostics& diagnostics) {
  if (const YamlNode* node = map.find("bind")) {
    MapReader bind(*node, "`bind`", diagnostics);
    take_text(bind, "propagation", mount.propagation, diagnostics);
    take_flag(bind, "create_host_path", mount.create_host_path, diagnostics);
    bind.foreign("selinux", "label the folder on the host");
    bind.finish();
  }
  if (const YamlNode* node = map.find("volume")) {
    MapReader volume(*node, "`volume`", diagnostics);
    take_flag(volume, "nocopy", mount.no_copy, diagnostics);
    volume.later("subpath");
    volume.finish();
  }
  if (const YamlNode* node = map.find("tmpfs")) {
    MapReader tmpfs(*node, "`tmpfs`", diagnostics);
    take_bytes(tmpfs, "size", mount.tmpfs_size, diagnostics);
    std::string mode;
    take_text(tmpfs, "mode", mode, diagnostics);
    if (!mode.empty()) mount.tmpfs_mode = octal(mode);
    if (!mode.empty() && !mount.tmpfs_mode) {
      diagnostics.error(tmpfs.at("mode"), "`mode` is an octal number", mode, "write \"1777\"");
    }
    tmpfs.finish();
  }
}

void read_long(const YamlNode& item, const ComposeRules& rules, std::vector<VolumeMount>& into,
               Diagnostics& diagnostics) {
  MapReader map(item, "a volume", diagnostics);
  VolumeMount mount;
  if (const YamlNode* type = map.require("type", "type: volume")) {
    const auto choice = pipelines::read_choice(*type, "`type`", {"volume", "bind", "tmpfs"}, diagnostics);
    if (choice) mount.kind = static_cast<VolumeMount::Kind>(*choice);
  }
  take_text(map, "source", mount.source, diagnostics);
  if (const YamlNode* target = map.require("target", "target: /data")) {
    mount.target = pipelines::read_text(*target, "`target`", diagnostics).value_or("/?");
  }
  take_flag(map, "read_only", mount.read_only, diagnostics);
  mount.create_host_path = mount.kind == VolumeMount::Kind::bind;
  read_options(map, mount, diagnostics);
  map.foreign("consistency", "it means nothing on Linux: leave it out");
  map.finish();
  check_source(mount, item.at, rules, diagnostics);
  into.push_back(std::move(mount));
}

}  // namespace

bool may_bind(const std::string& path, const ComposeRules& rules) {
  const auto wanted = std::filesystem::path(path).lexically_normal();
  return std::any_of(rules.bind_roots.begin(), rules.bind_roots.end(), [&](const std::string& root) {
    const auto relative = wanted.lexically_relative(std::filesystem::path(root).lexically_normal());
    return !relative.empty() && *relative.begin() != "..";
  });
}

std::string bind_help(const ComposeRules& rules) {
  if (rules.bind_roots.empty()) return "use a named volume";
  std::string roots;
  for (const std::string& root : rules.bind_roots) roots += (roots.empty() ? "" : ", ") + root;
  return "allowed are paths below " + roots;
}

void read_mount(const YamlNode& item, const ComposeRules& rules, std::vector<VolumeMount>& into,
                Diagnostics& diagnostics) {
  if (item.is_map()) {
    read_long(item, rules, into, diagnostics);
  } else {
    read_short(item, rules, into, diagnostics);
  }
}

void read_tmpfs(const Placed& item, std::vector<VolumeMount>& into, Diagnostics& diagnostics) {
  const auto colon = item.text.find(':');
  VolumeMount mount;
  mount.kind = VolumeMount::Kind::tmpfs;
  mount.target = item.text.substr(0, colon);
  for (const std::string& option :
       colon == std::string::npos ? std::vector<std::string>() : split(item.text.substr(colon + 1), ',')) {
    if (option.starts_with("size=")) {
      const auto bytes = pipelines::parse_bytes(option.substr(5));
      mount.tmpfs_size = bytes.value_or(-1);
    } else if (option.starts_with("mode=")) {
      mount.tmpfs_mode = octal(option.substr(5));
      if (!mount.tmpfs_mode) mount.tmpfs_size = -1;
    } else {
      mount.tmpfs_size = -1;
    }
    if (mount.tmpfs_size >= 0) continue;
    diagnostics.error(item.at, "`" + option + "` is no option of tmpfs that slipway knows", item.text,
                      "use size=64m and mode=1777");
    return;
  }
  check_source(mount, item.at, {}, diagnostics);
  into.push_back(std::move(mount));
}

}  // namespace slipway::rollouts
