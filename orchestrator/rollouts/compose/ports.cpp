#include "orchestrator/rollouts/compose/ports.hpp"

namespace slipway::rollouts {
namespace {

constexpr int longest_range = 200;
const std::vector<std::string_view> protocols{"tcp", "udp", "sctp"};

struct Range {
  std::uint16_t first = 0, last = 0;
  [[nodiscard]] int size() const { return last - first + 1; }
};

std::optional<Range> parse_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_port(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_port(text.substr(dash + 1));
  if (!first || !last || *last < *first || *last - *first >= longest_range) return std::nullopt;
  return Range{*first, *last};
}

/// Takes the address in front of "published:target" away, brackets and all.
std::string take_address(std::string& text) {
  std::size_t colon = std::string::npos;
  if (text.starts_with('[')) {
    const auto closing = text.find("]:");
    if (closing != std::string::npos) colon = closing + 1;
  } else if (text.find(':') != text.rfind(':')) {
    colon = text.find(':');
  }
  if (colon == std::string::npos) return {};
  std::string address = text.substr(0, colon);
  text.erase(0, colon + 1);
  if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
  return address;
}

void add_short(const YamlNode& item, std::vector<PortMapping>& into, Diagnostics& diagnostics) {
  const auto written = pipelines::read_text(item, "an item of `ports`", diagnostics);
  if (!written) return;
  const auto wrong = [&] {
    diagnostics.error(item.at, "a port that is not understood", *written,
                      "write \"[address:][published:]target[/protocol]\", such as \"8080:80\"");
  };
  std::string text = *written;
  PortMapping mapping;
  if (const auto slash = text.find('/'); slash != std::string::npos) {
    mapping.protocol = text.substr(slash + 1);
    text.erase(slash);
    if (mapping.protocol != "tcp" && mapping.protocol != "udp" && mapping.protocol != "sctp") return wrong();
  }
  mapping.host_ip = take_address(text);
  const auto colon = text.find(':');
  const std::string published_text = colon == std::string::npos ? std::string() : text.substr(0, colon);
  const auto target = parse_range(colon == std::string::npos ? text : std::string_view(text).substr(colon + 1));
  if (!target) return wrong();
  if (published_text.empty()) {
    for (int i = 0; i < target->size(); ++i) {
      mapping.target = static_cast<std::uint16_t>(target->first + i);
      into.push_back(mapping);
    }
    return;
  }
  const auto published = parse_range(published_text);
  if (!published || (target->size() != 1 && target->size() != published->size())) return wrong();
  if (target->size() == 1) {
    mapping.target = target->first;
    mapping.published = published_text;
    into.push_back(mapping);
    return;
  }
  for (int i = 0; i < target->size(); ++i) {
    mapping.target = static_cast<std::uint16_t>(target->first + i);
    mapping.published = std::to_string(published->first + i);
    into.push_back(mapping);
  }
}

void add_long(const YamlNode& item, std::vector<PortMapping>& into, Diagnostics& diagnostics) {
  MapReader map(item, "a port", diagnostics);
  PortMapping mapping;
  if (const YamlNode* target = map.require("target", "target: 80")) {
    const auto port = pipelines::read_integer(*target, "`target`", 1, 65535, diagnostics);
    mapping.target = static_cast<std::uint16_t>(port.value_or(0));
  }
  take_text(map, "published", mapping.published, diagnostics);
  if (!mapping.published.empty() && !parse_range(mapping.published)) {
    diagnostics.error(map.at("published"), "`published` is no port and no range of ports", mapping.published);
  }
  take_text(map, "host_ip", mapping.host_ip, diagnostics);
  if (const YamlNode* protocol = map.find("protocol")) {
    if (const auto choice = pipelines::read_choice(*protocol, "`protocol`", protocols, diagnostics)) {
      mapping.protocol = protocols[*choice];
    }
  }
  if (const YamlNode* mode = map.find("mode")) {
    mapping.host_mode = pipelines::read_choice(*mode, "`mode`", {"host", "ingress"}, diagnostics) == 0;
  }
  std::string for_people;
  take_text(map, "name", for_people, diagnostics);
  take_text(map, "app_protocol", for_people, diagnostics);
  map.finish();
  into.push_back(std::move(mapping));
}

/// A host's addresses of one kind together.
struct Addresses {
  std::string all;  ///< as people write them
  std::string any;  ///< stands for: somebody has one of them
};

Addresses family_of(const std::string& address) {
  return address.find(':') == std::string::npos ? Addresses{"0.0.0.0", "any 4"} : Addresses{"::", "any 6"};
}

}  // namespace

std::string HostPorts::take(const PortMapping& port, const std::string& owner) {
  const auto number = parse_port(port.published);
  if (!number) return {};
  const std::string rest = "|" + std::to_string(*number) + "/" + port.protocol;
  std::vector<std::string> wanted{port.host_ip};
  if (port.host_ip.empty()) wanted = {"0.0.0.0", "::"};
  for (const std::string& address : wanted) {
    const auto [all, any] = family_of(address);
    std::vector<std::string> others{any};
    if (address != all) others = {address, all};
    for (const std::string& other : others) {
      const auto taken = owners_.find(other + rest);
      if (taken != owners_.end()) return taken->second;
    }
  }
  for (const std::string& address : wanted) {
    owners_.emplace(address + rest, owner);
    owners_.emplace(family_of(address).any + rest, owner);
  }
  return {};
}

void read_port(const YamlNode& item, std::vector<PortMapping>& into, Diagnostics& diagnostics) {
  if (item.is_map()) {
    add_long(item, into, diagnostics);
  } else {
    add_short(item, into, diagnostics);
  }
}

}  // namespace slipway::rollouts
