#include "orchestrator/rollouts/compose/resources_decoder.hpp"

#include <algorithm>
#include <array>

#include "orchestrator/rollouts/compose/mounts.hpp"

namespace slipway::rollouts {
namespace {

/// `external: true`, or the older `external: {name: …}`.
bool take_external(MapReader& map, std::string& name, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("external");
  if (node == nullptr) return false;
  if (!node->is_map()) return pipelines::read_boolean(*node, "`external`", diagnostics).value_or(false);
  MapReader external(*node, "`external`", diagnostics);
  take_text(external, "name", name, diagnostics);
  external.finish();
  return true;
}

/// The name on the host. The Engine's own networks are no application's.
/// What slipway makes for itself on hosts, and on the engine of runs, which may be a host as well.
bool is_reserved(const std::string& name) {
  if (name.starts_with("slipway-proxy") || name.starts_with("slipway-lease-")) return true;
  if (!name.starts_with("slip-") || name.size() < 13) return false;
  const std::string_view instance = std::string_view(name).substr(5, 8);
  return instance.find_first_not_of("0123456789abcdef") == std::string_view::npos &&
         (name.size() == 13 || name[13] == '-');
}

void check_reserved(const std::string& name, Position at, Diagnostics& diagnostics) {
  if (is_reserved(name)) diagnostics.error(at, "slipway has this name for itself", name, "give it another name");
}

void check_name(const std::string& name, Position at, Diagnostics& diagnostics) {
  check_reserved(name, at, diagnostics);
  if (!is_plain_name(name)) {
    diagnostics.error(at, "a name on the host is made of letters, digits, '_', '.' and '-', at most 63", name);
  } else if (name == "host" || name == "none" || name == "bridge" || name == "default") {
    diagnostics.error(at, "`" + name + "` is the Engine's own network", name, "give it another name");
  }
}

void decode_ipam(const YamlNode& node, Network& network, Diagnostics& diagnostics) {
  MapReader ipam(node, "`ipam`", diagnostics);
  ipam.later("driver");
  ipam.later("options");
  if (const YamlNode* config = ipam.find("config")) {
    for (const YamlNode& item : config->items) {
      Network::Subnet subnet;
      MapReader entry(item, "an item of `config`", diagnostics);
      take_text(entry, "subnet", subnet.subnet, diagnostics);
      take_text(entry, "gateway", subnet.gateway, diagnostics);
      take_text(entry, "ip_range", subnet.ip_range, diagnostics);
      entry.later("aux_addresses");
      entry.finish();
      network.subnets.push_back(std::move(subnet));
    }
  }
  ipam.finish();
}

Network decode_network(const std::string& key, const YamlNode& node, const std::string& application, Position at,
                       Diagnostics& diagnostics) {
  Network network;
  network.key = key;
  network.name = application + "_" + key;
  if (node.is_null()) return network;
  MapReader map(node, "network `" + key + "`", diagnostics);
  std::string given;
  network.external = take_external(map, given, diagnostics);
  take_text(map, "name", given, diagnostics);
  if (network.external && given.empty()) given = key;
  if (!given.empty()) network.name = given;
  take_text(map, "driver", network.driver, diagnostics);
  if (!network.driver.empty() && network.driver != "bridge") {
    diagnostics.error(map.at("driver"), "slipway makes bridge networks only", network.driver,
                      "make it on the hosts, and declare it external");
  }
  take_pairs(map, "driver_opts", network.driver_options, "write NAME: value", diagnostics);
  if (const auto bridge = network.driver_options.find("com.docker.network.bridge.name");
      bridge != network.driver_options.end()) {
    diagnostics.error(map.at("driver_opts"), "a bridge that the host has already would be joined", bridge->second,
                      "leave the name to the Engine, or make the network on the hosts, and declare it external");
  }
  take_flag(map, "internal", network.internal, diagnostics);
  take_flag(map, "attachable", network.attachable, diagnostics);
  take_flag(map, "enable_ipv6", network.enable_ipv6, diagnostics);
  take_labels(map, network.labels, diagnostics);
  if (const YamlNode* ipam = map.find("ipam")) decode_ipam(*ipam, network, diagnostics);
  map.later("enable_ipv4");
  allow_extensions(node, map);
  map.finish();
  check_name(network.name, at, diagnostics);
  return network;
}

/// Words of `o` that make a mount of something of the host's, whatever the type (mount(8), what moby's parser knows).
bool reaches_into_host(std::string_view option) {
  constexpr std::array<std::string_view, 12> words{"bind",    "rbind", "remount", "private",    "rprivate",    "shared",
                                                   "rshared", "slave", "rslave",  "unbindable", "runbindable", "move"};
  return std::find(words.begin(), words.end(), option) != words.end();
}

/// The local driver hands type, device and `o` to mount(2) as they are, as root: only what reaches nothing of the host
/// goes through. A folder as the device is a bind mount by another name.
void check_driver(const Volume& volume, Position at, const ComposeRules& rules, Diagnostics& diagnostics) {
  const std::string help =
      "allowed are none, `type: tmpfs`, and `type: nfs`, `nfs4` or `cifs` with a server's `device`";
  if (!volume.driver.empty() && volume.driver != "local") {
    diagnostics.error(at, "slipway makes volumes of the local driver only", volume.driver,
                      "make it on the hosts, and declare it external");
    return;
  }
  const auto value = [&](const std::string& name) {
    const auto found = volume.driver_options.find(name);
    return found == volume.driver_options.end() ? std::string() : found->second;
  };
  const std::string type = value("type");
  const std::string device = value("device");
  for (const auto& [name, text] : volume.driver_options) {
    if (name != "type" && name != "device" && name != "o") {
      diagnostics.error(at, "slipway does not know this option of a volume", name, help);
    }
  }
  if (type == "none" || (type.empty() && !device.empty())) {
    if (!device.starts_with('/') || !may_bind(device, rules)) {
      diagnostics.error(at, "applications get no paths of the host", device, bind_help(rules));
    }
    return;
  }
  const bool remote = type == "nfs" || type == "nfs4" || type == "cifs";
  if (!type.empty() && type != "tmpfs" && !remote) {
    diagnostics.error(at, "a volume of this type would reach into the host", type, help);
  } else if (remote && !device.empty() && device.front() != ':' && device.find(':') == std::string::npos &&
             !device.starts_with("//")) {
    diagnostics.error(at, "`device` names no server", device, "write \":/path\" for nfs, \"//server/share\" for cifs");
  }
  for (const std::string& option : split(value("o"), ',')) {
    if (reaches_into_host(option)) diagnostics.error(at, "this option would reach into the host", option, help);
  }
}

Volume decode_volume(const std::string& key, const YamlNode& node, const std::string& application, Position at,
                     const ComposeRules& rules, Diagnostics& diagnostics) {
  Volume volume;
  volume.key = key;
  volume.name = application + "_" + key;
  if (node.is_null()) return volume;
  MapReader map(node, "volume `" + key + "`", diagnostics);
  std::string given;
  volume.external = take_external(map, given, diagnostics);
  take_text(map, "name", given, diagnostics);
  if (volume.external && given.empty()) given = key;
  if (!given.empty()) volume.name = given;
  take_text(map, "driver", volume.driver, diagnostics);
  take_pairs(map, "driver_opts", volume.driver_options, "write NAME: value", diagnostics);
  take_labels(map, volume.labels, diagnostics);
  allow_extensions(node, map);
  map.finish();
  if (!is_plain_name(volume.name)) {
    diagnostics.error(at, "a volume's name is made of letters, digits, '_', '.' and '-', at most 63", volume.name);
  }
  check_reserved(volume.name, at, diagnostics);
  check_driver(volume, at, rules, diagnostics);
  return volume;
}

FileSource decode_source(const std::string& key, const YamlNode& node, std::string_view what,
                         Diagnostics& diagnostics) {
  FileSource source;
  source.key = key;
  MapReader map(node, std::string(what) + " `" + key + "`", diagnostics);
  int kinds = 0;
  std::string name;
  if (take_external(map, name, diagnostics)) {
    take_text(map, "name", name, diagnostics);
    source.kind = FileSource::Kind::secret;
    source.value = name.empty() ? key : name;
    ++kinds;
  }
  const auto take = [&](std::string_view from, FileSource::Kind kind) {
    std::string value;
    take_text(map, from, value, diagnostics);
    if (value.empty()) return;
    source.kind = kind;
    source.value = std::move(value);
    ++kinds;
  };
  take("file", FileSource::Kind::file);
  take("environment", FileSource::Kind::secret);
  if (what == "config") take("content", FileSource::Kind::text);
  map.later("driver");
  map.later("template_driver");
  map.later("labels");
  allow_extensions(node, map);
  map.finish();
  if (kinds != 1) {
    diagnostics.error(node.at, std::string(what) + " `" + key + "` must have one source", key,
                      "write one of file, environment, external" + std::string(what == "config" ? ", content" : ""));
  }
  return source;
}

}  // namespace

void decode_networks(MapReader& file, Application& application, Diagnostics& diagnostics) {
  const YamlNode* node = file.find("networks");
  if (node == nullptr) return;
  each_named(*node, "`networks`", diagnostics, [&](const std::string& key, const YamlNode& value, Position at) {
    application.networks.push_back(decode_network(key, value, application.name, at, diagnostics));
  });
}

void decode_volumes(MapReader& file, const ComposeRules& rules, Application& application, Diagnostics& diagnostics) {
  const YamlNode* node = file.find("volumes");
  if (node == nullptr) return;
  each_named(*node, "`volumes`", diagnostics, [&](const std::string& key, const YamlNode& value, Position at) {
    application.volumes.push_back(decode_volume(key, value, application.name, at, rules, diagnostics));
  });
}

void decode_file_sources(MapReader& file, Application& application, Diagnostics& diagnostics) {
  if (const YamlNode* node = file.find("secrets")) {
    each_named(*node, "`secrets`", diagnostics, [&](const std::string& key, const YamlNode& value, Position) {
      application.secrets.push_back(decode_source(key, value, "secret", diagnostics));
    });
  }
  if (const YamlNode* node = file.find("configs")) {
    each_named(*node, "`configs`", diagnostics, [&](const std::string& key, const YamlNode& value, Position) {
      application.configs.push_back(decode_source(key, value, "config", diagnostics));
    });
  }
}

}  // namespace slipway::rollouts
