#include "orchestrator/rollouts/compose/service_decoder.hpp"

#include "orchestrator/rollouts/compose/service_parts.hpp"

namespace slipway::rollouts {
namespace {

void decode_dependencies(MapReader& map, Service& service, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("depends_on");
  if (node == nullptr) return;
  if (!node->is_map()) {
    for (Placed& one : pipelines::read_texts(*node, "`depends_on`", 100, diagnostics)) {
      service.depends_on.push_back({std::move(one.text), Dependency::Condition::started});
    }
    return;
  }
  each_named(*node, "`depends_on`", diagnostics, [&](const std::string& on, const YamlNode& value, Position) {
    MapReader entry(value, "an entry of `depends_on`", diagnostics);
    Dependency dependency{on, Dependency::Condition::started};
    if (const YamlNode* condition = entry.find("condition")) {
      const auto choice =
          pipelines::read_choice(*condition, "`condition`",
                                 {"service_started", "service_healthy", "service_completed_successfully"}, diagnostics);
      if (choice == 1U) dependency.condition = Dependency::Condition::healthy;
      if (choice == 2U) dependency.condition = Dependency::Condition::completed;
    }
    bool required = true;
    take_flag(entry, "required", required, diagnostics);
    entry.foreign("restart", "a dependent service keeps running when what it depends on is replaced");
    entry.finish();
    service.depends_on.push_back(std::move(dependency));
  });
}

void decode_image(MapReader& map, Service& service, Diagnostics& diagnostics) {
  take_text(map, "image", service.image, diagnostics);
  take_text(map, "platform", service.platform, diagnostics);
  const YamlNode* policy = map.find("pull_policy");
  if (policy == nullptr) return;
  if (policy->text == "build") {
    diagnostics.error(policy->at, "hosts do not build images", policy->text,
                      "build it in slipway.yml, and name it in the job's deploy.images");
    return;
  }
  const auto choice =
      pipelines::read_choice(*policy, "`pull_policy`", {"missing", "if_not_present", "always", "never"}, diagnostics);
  if (choice == 2) service.pull_policy = PullPolicy::always;
  if (choice == 3) service.pull_policy = PullPolicy::never;
}

}  // namespace

Service decode_service(const std::string& name, const YamlNode& node, const ComposeRules& rules, bool for_swarm,
                       const YamlNode*& update, Diagnostics& diagnostics) {
  Service service;
  service.name = name;
  if (for_swarm) service.swarm.emplace();
  MapReader map(node, "service `" + name + "`", diagnostics);
  decode_image(map, service, diagnostics);
  decode_process(map, service, diagnostics);
  decode_network_use(map, service, diagnostics);
  decode_storage(map, rules, service, diagnostics);
  decode_health(map, service, diagnostics);
  decode_security(map, rules, service, diagnostics);
  decode_dependencies(map, service, diagnostics);
  update = decode_deploy(map, service, diagnostics);
  take_labels(map, service.labels, diagnostics);
  decode_service_extension(map, rules, service, diagnostics);
  refuse_service_keys(map);
  allow_extensions(node, map);
  map.finish();
  return service;
}

}  // namespace slipway::rollouts
