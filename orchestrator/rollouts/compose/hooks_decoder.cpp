#include "orchestrator/rollouts/compose/hooks_decoder.hpp"

#include <algorithm>

namespace slipway::rollouts {
namespace {

constexpr std::size_t most_hooks = 16;  // at one point
constexpr Milliseconds shortest_hook{1000};
constexpr Milliseconds longest_hook{std::chrono::hours(24)};

void take_run(MapReader& map, std::vector<std::string>& run, Diagnostics& diagnostics) {
  if (!map.require("run", "run: [/app/check, --quick]")) return;
  std::optional<std::vector<std::string>> words;
  take_command(map, "run", words, diagnostics);
  run = words.value_or(run);
  if (words && (run.empty() || run.front().empty())) diagnostics.error(map.at("run"), "`run` is empty");
}

void take_timeout(MapReader& map, Milliseconds& timeout, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("timeout");
  if (node == nullptr) return;
  timeout = pipelines::read_duration(*node, "`timeout`", shortest_hook, longest_hook, diagnostics).value_or(timeout);
}

/// In which generation's containers nothing runs at a point.
bool nothing_runs(HookPoint point, bool old) {
  if (old) return point == HookPoint::after_stop;
  return point == HookPoint::before_install || point == HookPoint::after_install;
}

Hook decode_hook(const YamlNode& node, HookPoint point, Diagnostics& diagnostics) {
  Hook hook;
  hook.old = point == HookPoint::before_stop || point == HookPoint::after_stop;
  MapReader map(node, "a hook", diagnostics);
  take_run(map, hook.run, diagnostics);
  take_text(map, "service", hook.service, diagnostics);
  take_flag(map, "exec", hook.exec, diagnostics);
  if (const YamlNode* word = map.find("generation")) {
    hook.old = pipelines::read_choice(*word, "`generation`", {"new", "old"}, diagnostics) == 1;
  }
  take_timeout(map, hook.timeout, diagnostics);
  if (const YamlNode* word = map.find("on_failure")) {
    hook.go_on = pipelines::read_choice(*word, "`on_failure`", {"rollback", "continue"}, diagnostics) == 1;
  }
  map.finish();
  if (hook.exec && nothing_runs(point, hook.old)) {
    diagnostics.error(map.at("exec"),
                      "at `" + std::string(name_of(point)) + "` the " + (hook.old ? "old" : "new") +
                          " containers do not run, so nothing can be run in them",
                      {}, "leave `exec` out: the hook gets a container of its own");
  }
  return hook;
}

}  // namespace

void decode_hooks(MapReader& map, Policy& policy, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("hooks");
  if (node == nullptr) return;
  MapReader hooks(*node, "`hooks`", diagnostics);
  for (const HookPoint point : hook_points) {
    const YamlNode* entry = hooks.find(name_of(point));
    if (entry == nullptr) continue;
    std::vector<Hook>& list = policy.hooks[point];
    if (entry->is_map()) {
      list.push_back(decode_hook(*entry, point, diagnostics));
    } else if (entry->is_list() && !entry->items.empty() && entry->items.size() <= most_hooks) {
      for (const YamlNode& item : entry->items) list.push_back(decode_hook(item, point, diagnostics));
    } else {
      diagnostics.error(entry->at, "a hook says what it runs, or is a list of 1 to 16 that do", {},
                        std::string(name_of(point)) + ": {run: [/app/check], service: web}");
    }
  }
  hooks.foreign("application_stop", "it is called `before_stop`");
  hooks.foreign("application_start", "it is called `start`");
  hooks.foreign("validate_service", "it is called `validate`");
  hooks.foreign("before_allow_traffic", "it is called `before_traffic`");
  hooks.foreign("after_allow_traffic", "it is called `after_traffic`");
  hooks.finish();
}

void decode_migration(MapReader& map, Policy& policy, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("migrate");
  if (node == nullptr) return;
  Migration migration;
  MapReader entry(*node, "`migrate`", diagnostics);
  take_run(entry, migration.run, diagnostics);
  take_text(entry, "service", migration.service, diagnostics);
  if (const YamlNode* kind = entry.require("kind", "kind: expand")) {
    migration.contract = pipelines::read_choice(*kind, "`kind`", {"expand", "contract"}, diagnostics) == 1;
  }
  take_timeout(entry, migration.timeout, diagnostics);
  entry.finish();
  policy.migrate = std::move(migration);
}

}  // namespace slipway::rollouts
