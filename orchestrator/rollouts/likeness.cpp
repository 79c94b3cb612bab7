#include "orchestrator/rollouts/likeness.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::size_t told_bytes = 80;  // of a value, to people
constexpr std::size_t short_id = 12;

bool says_nothing(const Json& value) {
  if (value.is_null()) return true;
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return value.get<double>() == 0;
  return value.empty() || (value.is_string() && value.get_ref<const std::string&>().empty());
}

/// Without what stands for "not set", in which two clients differ; lists whose order means nothing are sorted.
Json plain(const Json& value, bool sorted) {
  if (value.is_object()) {
    Json out = Json::object();
    for (const auto& [key, one] : value.items()) {
      Json inner = plain(one, sorted);
      if (!says_nothing(inner)) out[key] = std::move(inner);
    }
    return out;
  }
  if (!value.is_array()) return value;
  Json out = Json::array();
  for (const Json& one : value) out.push_back(plain(one, sorted));
  if (sorted) std::sort(out.begin(), out.end());
  return out;
}

std::string told(const Json& value) {
  if (says_nothing(value)) return "nothing";
  std::string text = value.is_string() ? value.get<std::string>() : dump_json(value);
  if (text.size() > told_bytes) text = text.substr(0, told_bytes) + "…";
  return text;
}

/// What is in one list only: of a long environment that is what people want to see.
Json only_in(const Json& one, const Json& other) {
  Json only = Json::array();
  for (const Json& entry : one) {
    if (std::find(other.begin(), other.end(), entry) == other.end()) only.push_back(entry);
  }
  return only.size() == 1 ? only.front() : only;
}

void compare(std::vector<std::string>& found, const std::string& name, const Json& there, const Json& made,
             bool sorted) {
  const Json a = plain(there, sorted);
  const Json b = plain(made, sorted);
  if (a == b || (says_nothing(a) && says_nothing(b))) return;
  const bool lists = a.is_array() && b.is_array();
  found.push_back(name + " differs: " + told(lists && sorted ? only_in(a, b) : a) + " against " +
                  told(lists && sorted ? only_in(b, a) : b));
}

/// Each key that one of them has.
void compare_all(std::vector<std::string>& found, const Json& there, const Json& made,
                 const std::set<std::string_view>& left_out, const std::set<std::string_view>& ordered) {
  std::set<std::string> keys;
  for (const Json* one : {&there, &made}) {
    for (const auto& [key, value] : one->items()) keys.insert(key);
  }
  for (const std::string& key : keys) {
    if (left_out.contains(key)) continue;
    compare(found, key, value_at(there, key), value_at(made, key), !ordered.contains(key));
  }
}

/// Those that somebody wrote down, Docker Compose's and slipway's own aside.
Json own_labels(const Json& container) {
  Json own = Json::object();
  const Json& labels = value_at(value_at(container, "Config"), "Labels");
  if (!labels.is_object()) return own;
  for (const auto& [key, value] : labels.items()) {
    if (!key.starts_with("com.docker.compose.") && !key.starts_with("dev.slipway.")) own[key] = value;
  }
  return own;
}

/// By where they are. A volume without a name has one that nobody chose.
Json mounts_of(const Json& container) {
  Json mounts = Json::array();
  for (const Json& one : value_at(container, "Mounts")) {
    const std::string type = text_at(one, "Type");
    std::string source = text_at(one, type == "volume" ? "Name" : "Source");
    const bool unnamed =
        type == "volume" && source.size() == 64 && source.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (unnamed) source.clear();
    mounts.push_back({text_at(one, "Destination"), type, source, flag_at(one, "RW")});
  }
  return mounts;
}

Json ports_of(const Json& container) {
  Json ports = value_at(value_at(container, "HostConfig"), "PortBindings");
  if (!ports.is_object()) return ports;
  for (auto& [port, bindings] : ports.items()) {
    if (!bindings.is_array()) continue;
    for (Json& one : bindings) {
      if (text_at(one, "HostIp") == "0.0.0.0") one["HostIp"] = "";
    }
  }
  return ports;
}

Json networks_of(const Json& container) {
  Json names = Json::array();
  for (const auto& [name, endpoint] : value_at(value_at(container, "NetworkSettings"), "Networks").items()) {
    names.push_back(name);
  }
  return names;
}

/// A name under which others look for it, and it would not be found any more.
void compare_aliases(std::vector<std::string>& found, const Json& there, const Json& made) {
  const Json& have = value_at(value_at(there, "NetworkSettings"), "Networks");
  for (const auto& [network, endpoint] : value_at(value_at(made, "NetworkSettings"), "Networks").items()) {
    const Json& aliases = value_at(value_at(have, network), "Aliases");
    for (const Json& alias : value_at(endpoint, "Aliases")) {
      const bool own_id = alias.is_string() && text_at(made, "Id").starts_with(alias.get_ref<const std::string&>());
      if (own_id || std::find(aliases.begin(), aliases.end(), alias) != aliases.end()) continue;
      found.push_back("is not called " + told(alias) + " in network " + network);
    }
  }
}

/// Unless somebody chose it, it is the container's id.
std::string hostname_of(const Json& container) {
  std::string name = text_at(value_at(container, "Config"), "Hostname");
  return name == text_at(container, "Id").substr(0, short_id) ? std::string() : name;
}

}  // namespace

std::vector<std::string> unlike(const Json& there, const Json& made) {
  // Compared below, or of the one container alone; ExposedPorts follows from PortBindings, Volumes from mounts; the
  // streams that a client attaches have to do with that client only.
  static const std::set<std::string_view> not_in_config{"Hostname",  "Image",       "Labels",       "ExposedPorts",
                                                        "Volumes",   "AttachStdin", "AttachStdout", "AttachStderr",
                                                        "StdinOnce", "OnBuild",     "ArgsEscaped",  "MacAddress"};
  static const std::set<std::string_view> not_in_host{"Binds",           "Mounts",        "PortBindings",
                                                      "NetworkMode",     "RestartPolicy", "ConsoleSize",
                                                      "ContainerIDFile", "VolumesFrom",   "Links"};
  static const std::set<std::string_view> ordered{"Cmd", "Entrypoint", "Healthcheck", "Dns", "DnsSearch"};
  std::vector<std::string> found;
  compare(found, "Image", text_at(there, "Image"), text_at(made, "Image"), false);
  compare_all(found, value_at(there, "Config"), value_at(made, "Config"), not_in_config, ordered);
  compare(found, "Hostname", hostname_of(there), hostname_of(made), false);
  compare(found, "Labels", own_labels(there), own_labels(made), false);
  compare_all(found, value_at(there, "HostConfig"), value_at(made, "HostConfig"), not_in_host, ordered);
  compare(found, "PortBindings", ports_of(there), ports_of(made), true);
  compare(found, "Mounts", mounts_of(there), mounts_of(made), true);
  compare(found, "Networks", networks_of(there), networks_of(made), true);
  compare_aliases(found, there, made);
  return found;
}

}  // namespace slipway::rollouts
