#include "orchestrator/rollouts/compose/decode.hpp"

#include <algorithm>

#include "orchestrator/rollouts/compose/check.hpp"
#include "orchestrator/rollouts/compose/policy_decoder.hpp"
#include "orchestrator/rollouts/compose/resources_decoder.hpp"
#include "orchestrator/rollouts/compose/service_decoder.hpp"
#include "orchestrator/rollouts/compose/swarm_check.hpp"
#include "pipelines/names.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::size_t most_services = 64;

/// Values, not keys; x-slipway's too. Other extensions are nobody's business and left as they are. Compose takes
/// numbers and booleans in quotes as well (cpus: "0.5"), so from here on quotes mean nothing.
void interpolate_tree(YamlNode& node, const Variables& variables, Diagnostics& diagnostics) {
  node.quoted = false;
  if (node.is_scalar() && node.text.find('$') != std::string::npos) {
    auto text = interpolate(node.text, variables);
    if (text) {
      node.text = std::move(*text);
    } else {
      diagnostics.error(node.at, text.error().message, node.text, text.error().hint);
    }
  }
  for (YamlNode& item : node.items) interpolate_tree(item, variables, diagnostics);
  for (pipelines::YamlEntry& entry : node.entries) {
    if (!entry.key.starts_with("x-") || entry.key == "x-slipway") {
      interpolate_tree(entry.value, variables, diagnostics);
    }
  }
}

/// `given` is who deploys it saying another; the file may then do without.
void decode_name(MapReader& file, const std::string& given, Application& application, Diagnostics& diagnostics) {
  const YamlNode* node = given.empty() ? file.require("name", "name: shop") : file.find("name");
  if (node != nullptr) {
    application.name = pipelines::read_text(*node, "`name`", diagnostics).value_or("");
    if (!pipelines::check_application(application.name)) {
      diagnostics.error(node->at, "an application's name is made of a-z, 0-9, '_' and '-', at most 63",
                        application.name);
    }
  }
  if (!given.empty()) application.name = given;
}

void decode_services(MapReader& file, const ComposeRules& rules, Application& application, Places& places,
                     Diagnostics& diagnostics) {
  const bool for_swarm = application.for_swarm;
  const YamlNode* node = file.require("services", "services: {web: {image: …}}");
  if (node == nullptr) return;
  std::vector<const YamlNode*> updates;
  each_named(*node, "`services`", diagnostics, [&](const std::string& name, const YamlNode& value, Position at) {
    if (!is_plain_name(name)) {
      diagnostics.error(at, "a service's name is made of letters, digits, '_', '.' and '-', at most 63", name);
    }
    const YamlNode* update = nullptr;
    application.services.push_back(decode_service(name, value, rules, for_swarm, update, diagnostics));
    updates.push_back(update);
    places.services[name] = at;
  });
  if (application.services.empty() || application.services.size() > most_services) {
    diagnostics.error(node->at, "an application has from 1 to " + std::to_string(most_services) + " services");
  }
  decode_update_configs(updates, application.policy, diagnostics);
}

Application decode_file(const YamlNode& root, const ComposeText& text, const ComposeRules& rules,
                        Diagnostics& diagnostics) {
  Application application;
  application.for_swarm = is_for_swarm(root, text.group, rules.swarms, diagnostics);
  Places places;
  MapReader file(root, "the Compose file", diagnostics);
  places.file = places.x_slipway = root.at;
  decode_name(file, text.application, application, diagnostics);
  std::string obsolete;
  take_text(file, "version", obsolete, diagnostics);
  decode_services(file, rules, application, places, diagnostics);
  decode_networks(file, application, diagnostics);
  decode_volumes(file, rules, application, diagnostics);
  decode_file_sources(file, application, diagnostics);
  if (const YamlNode* extension = file.find("x-slipway")) {
    places.x_slipway = file.at("x-slipway");
    decode_x_slipway(*extension, rules, application.policy, diagnostics);
  }
  file.foreign("include", "write it out: only this one file is read");
  file.later("models");
  allow_extensions(root, file);
  file.finish();
  if (application.for_swarm) refuse_for_swarm(root, diagnostics);
  if (!diagnostics.has_errors()) complete_and_check(application, places, diagnostics);
  return application;
}

Error as_error(const Diagnostics& diagnostics, const std::string& text) {
  std::string first = "the file has errors";
  for (const pipelines::Diagnostic& one : diagnostics.sorted()) {
    if (one.severity != pipelines::Diagnostic::Severity::error) continue;
    first = one.file + ":" + std::to_string(one.line) + ":" + std::to_string(one.column) + ": " + one.message;
    break;
  }
  if (diagnostics.errors() > 1) first += " (and " + std::to_string(diagnostics.errors() - 1) + " more)";
  return Error(Error::Kind::invalid, std::move(first), pipelines::render(diagnostics, text));
}

}  // namespace

ComposeRules accepted_once() {
  ComposeRules rules;
  rules.bind_roots = {"/"};
  rules.log_drivers.reset();
  rules.check_zones = false;
  return rules;
}

Result<Application> decode_compose(const ComposeText& file, const ComposeRules& rules) {
  Diagnostics diagnostics(file.path);
  auto root = pipelines::read_yaml(file.text, diagnostics);
  if (root) interpolate_tree(*root, file.variables, diagnostics);
  Application application;
  if (root && !diagnostics.has_errors()) application = decode_file(*root, file, rules, diagnostics);
  if (diagnostics.has_errors()) return fail(as_error(diagnostics, file.text));
  return application;
}

}  // namespace slipway::rollouts
