#include "orchestrator/rollouts/compose/strategy_decoder.hpp"

#include <charconv>

namespace slipway::rollouts {
namespace {

constexpr std::size_t most_hosts_at_once = 10'000;
constexpr std::size_t most_steps = 100;

/// The words, CodeDeploy's names for the same beside them.
const std::vector<std::string_view> words{
    "rolling", "all", "half", "one", "all-at-once", "half-at-a-time", "one-at-a-time", "blue-green", "canary", "linear",
};

void take_word(const YamlNode& node, Policy& policy, Diagnostics& diagnostics) {
  const auto choice = pipelines::read_choice(node, "`strategy`", words, diagnostics);
  if (!choice) return;
  const std::string_view word = words[*choice];
  if (word.starts_with("all")) policy.batch = Share{0, false};
  if (word.starts_with("half")) policy.batch = Share{50, true};
  if (word.starts_with("one")) policy.batch = Share{1, false};
  if (word == "blue-green") policy.strategy = Strategy::blue_green;
  if (word == "canary") policy.strategy = Strategy::canary;
  if (word == "linear") policy.strategy = Strategy::linear;
}

SpreadStep read_step(const YamlNode& node, Diagnostics& diagnostics) {
  SpreadStep step;
  if (!node.is_map()) {
    step.share = read_share(node, "an item of `steps`", diagnostics).value_or(Share{});
    return step;
  }
  MapReader map(node, "an item of `steps`", diagnostics);
  if (const YamlNode* share = map.require("share", "share: 10%")) {
    step.share = read_share(*share, "`share`", diagnostics).value_or(Share{});
  }
  take_duration(map, "bake", step.bake, diagnostics);
  take_flag(map, "wait", step.wait, diagnostics);
  map.finish();
  return step;
}

void take_steps(const YamlNode& node, Policy& policy, Diagnostics& diagnostics) {
  if (!node.is_list() || node.items.empty() || node.items.size() > most_steps) {
    diagnostics.error(node.at, "`steps` is a list of shares, one to a hundred", {},
                      "steps: [10%, {share: 50%, bake: 10m}]");
    return;
  }
  for (const YamlNode& item : node.items) {
    const SpreadStep step = read_step(item, diagnostics);
    const Share before = policy.steps.empty() ? Share{0, step.share.percent} : policy.steps.back().share;
    if (step.share.percent != before.percent) {
      diagnostics.error(item.at, "`steps` are all numbers of hosts or all shares in percent");
    } else if (step.share.number <= before.number || (step.share.percent && step.share.number >= 100)) {
      diagnostics.error(item.at, "each of `steps` is more than the one before, and less than all", item.text,
                        "what is left follows the last step by itself");
    }
    policy.steps.push_back(step);
  }
}

/// Steps of the same size, up to all.
void take_step_size(const YamlNode& node, Policy& policy, Diagnostics& diagnostics) {
  const auto size = read_share(node, "`step`", diagnostics);
  if (!size) return;
  if (size->number == 0) return diagnostics.error(node.at, "`step` is at least one host, or 1%", node.text);
  const std::size_t end = size->percent ? 100 : std::min(most_hosts_at_once, size->number * most_steps);
  for (std::size_t at = size->number; at < end; at += size->number) {
    policy.steps.push_back({Share{at, size->percent}, std::nullopt, false});
  }
}

void take_switch(MapReader& map, Policy& policy, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("switch");
  if (node == nullptr) return;
  if (policy.strategy != Strategy::blue_green) {
    diagnostics.error(node->at, "`switch` is for `strategy: blue-green`");
  }
  const auto choice = pipelines::read_choice(*node, "`switch`", {"auto", "manual"}, diagnostics);
  policy.manual_switch = choice == 1;
}

void refuse(MapReader& map, std::string_view key, std::string_view strategy, Diagnostics& diagnostics) {
  if (map.find(key) == nullptr) return;
  diagnostics.error(map.at(key), "`" + std::string(key) + "` is for `strategy: " + std::string(strategy) + "`");
}

}  // namespace

std::optional<Share> read_share(const YamlNode& node, std::string_view what, Diagnostics& diagnostics) {
  const auto text = pipelines::read_text(node, what, diagnostics);
  if (!text) return std::nullopt;
  Share share;
  share.percent = text->ends_with('%');
  const std::string_view digits = std::string_view(*text).substr(0, text->size() - (share.percent ? 1 : 0));
  const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), share.number);
  const bool fits = bad == std::errc() && end == digits.data() + digits.size() &&
                    share.number <= (share.percent ? 100 : most_hosts_at_once);
  if (fits) return share;
  diagnostics.error(node.at, std::string(what) + " is a number of hosts or a share of them", *text,
                    "write 2 or \"25%\"");
  return std::nullopt;
}

void decode_strategy(MapReader& map, Policy& policy, Diagnostics& diagnostics) {
  const YamlNode* word = map.find("strategy");
  if (word != nullptr) take_word(*word, policy, diagnostics);
  const bool rolling = word == nullptr || word->text == "rolling";
  if (const YamlNode* batch = map.find("batch")) {
    if (!rolling) diagnostics.error(batch->at, "`batch` is for `strategy: rolling`");
    if (const auto share = read_share(*batch, "`batch`", diagnostics)) policy.batch = share;
  }
  if (policy.strategy == Strategy::canary) {
    if (const YamlNode* steps = map.require("steps", "steps: [10%]")) take_steps(*steps, policy, diagnostics);
  } else {
    refuse(map, "steps", "canary", diagnostics);
  }
  if (policy.strategy == Strategy::linear) {
    if (const YamlNode* size = map.require("step", "step: 20%")) take_step_size(*size, policy, diagnostics);
  } else {
    refuse(map, "step", "linear", diagnostics);
  }
  take_switch(map, policy, diagnostics);
  std::optional<Milliseconds> bake;
  take_duration(map, "bake", bake, diagnostics);
  policy.bake = bake.value_or(policy.bake);
  if (bake && policy.strategy == Strategy::rolling) {
    diagnostics.error(map.at("bake"), "`bake` is for blue-green, canary and linear", {},
                      "write deploy.update_config.monitor and delay");
  }
}

}  // namespace slipway::rollouts
