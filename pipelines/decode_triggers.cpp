// `on`: what starts a run.
#include <algorithm>

#include <fmt/format.h>

#include "pipelines/decoding.hpp"
#include "pipelines/glob.hpp"
#include "pipelines/names.hpp"

namespace slipway::pipelines {
namespace {
const std::vector<std::string_view> event_names{"push", "tag", "pull_request", "registry", "manual"};

bool valid_patterns(const std::vector<Placed>& patterns, std::string_view what, const Decoding& decoding) {
  bool valid = true;
  for (const Placed& pattern : patterns) {
    std::string_view glob = pattern.text;
    if (glob.starts_with('!')) glob.remove_prefix(1);
    const Result<void> checked = check_glob(glob);
    if (checked) continue;
    decoding.diagnostics.error(pattern.at, fmt::format("{}: {}", what, checked.error().message), pattern.text,
                               checked.error().hint);
    valid = false;
  }
  return valid;
}

Patterns read_patterns(const YamlNode& node, std::string_view what, const Decoding& decoding) {
  const auto placed = read_texts(node, what, bounds::patterns, decoding.diagnostics);
  if (node.is_list() && node.items.empty()) {
    decoding.diagnostics.error(node.at, fmt::format("{} is empty, so nothing would ever match", what), {},
                               "remove the key to match everything");
  }
  Patterns patterns;
  if (!valid_patterns(placed, what, decoding)) return patterns;
  for (const Placed& pattern : placed) {
    if (what.find("branches") != std::string_view::npos && pattern.text.starts_with("refs/")) {
      decoding.diagnostics.error(pattern.at, fmt::format("{} holds branch names, not refs", what), pattern.text,
                                 "leave out `refs/heads/`");
    }
    if (what.find("paths") != std::string_view::npos &&
        (pattern.text.starts_with('/') || pattern.text.starts_with("./"))) {
      decoding.diagnostics.error(pattern.at, fmt::format("{} are relative to the top of the checkout", what),
                                 pattern.text, "leave out the `/` or `./` at the start");
    }
    patterns.push_back(pattern.text);
  }
  return patterns;
}

/// Nothing, or an empty map as the other events have it, is all tags.
Patterns read_tags(const YamlNode& node, const Decoding& decoding) {
  if (node.is_null() || (node.is_map() && node.entries.empty())) return {};
  if (node.is_map()) {
    decoding.diagnostics.error(node.at, "`on.tag` must be a list, not a map", {},
                               "write `tag: [\"v*\"]`, or `tag: {}` for all tags");
    return {};
  }
  return read_patterns(node, "`on.tag`", decoding);
}

RefFilter read_ref_filter(const YamlNode& node, std::string_view event, const Decoding& decoding) {
  RefFilter filter;
  if (node.is_null()) return filter;
  MapReader map(node, fmt::format("`on.{}`", event), decoding.diagnostics);
  if (const YamlNode* value = map.find("branches")) {
    filter.branches = read_patterns(*value, fmt::format("`on.{}.branches`", event), decoding);
  }
  if (const YamlNode* value = map.find("paths")) {
    filter.paths = read_patterns(*value, fmt::format("`on.{}.paths`", event), decoding);
  }
  map.foreign("tags", "tags have a key of their own: `on: {tag: [\"v*\"]}`");
  map.foreign("branches-ignore", "put `!` before a pattern under `branches` to leave it out");
  map.foreign("paths-ignore", "put `!` before a pattern under `paths` to leave it out");
  map.finish();
  return filter;
}

RegistryFilter read_registry_filter(const YamlNode& node, const Decoding& decoding) {
  RegistryFilter filter;
  MapReader map(node, "`on.registry`", decoding.diagnostics);
  if (const YamlNode* value = map.require("image", "image: registry.example/base/python")) {
    const auto image = read_text(*value, "`image`", decoding.diagnostics);
    if (image && decoding.check(check_repository(*image), value->at, "the image", *image)) filter.image = *image;
  }
  if (const YamlNode* value = map.find("tag")) filter.tags = read_patterns(*value, "`on.registry.tag`", decoding);
  map.finish();
  return filter;
}

std::vector<RegistryFilter> read_registry(const YamlNode& node, const Decoding& decoding) {
  if (!node.is_list()) return {read_registry_filter(node, decoding)};
  std::vector<RegistryFilter> filters;
  if (node.items.size() > bounds::patterns) {
    decoding.diagnostics.error(node.at, fmt::format("`on.registry` has {} entries; at most {} are allowed",
                                                    node.items.size(), bounds::patterns));
    return filters;
  }
  for (const YamlNode& item : node.items) filters.push_back(read_registry_filter(item, decoding));
  return filters;
}

/// `on: push` and `on: [push, tag]`.
Triggers read_names(const YamlNode& node, const Decoding& decoding) {
  Triggers on;
  for (const Placed& name : read_texts(node, "`on`", event_names.size(), decoding.diagnostics)) {
    if (name.text == "push") on.push.emplace();
    if (name.text == "tag") on.tag.emplace();
    if (name.text == "pull_request") on.pull_request.emplace();
    if (name.text == "registry") {
      decoding.diagnostics.error(name.at, "`registry` needs to know which image", name.text,
                                 "write `registry: {image: registry.example/base/python}`");
    }
    if (std::find(event_names.begin(), event_names.end(), name.text) == event_names.end()) {
      const bool later = name.text == "schedule";
      decoding.diagnostics.error(
          name.at,
          later ? "`schedule` is not supported by this release yet" : fmt::format("unknown event `{}`", name.text),
          name.text, later ? "remove it; a later release will have it" : suggest(name.text, event_names));
    }
  }
  if (node.is_list() && node.items.empty()) {
    decoding.diagnostics.error(node.at, "`on` is empty, so no run would ever start", {}, "write `on: push`");
  }
  return on;
}
}  // namespace

Triggers decode_triggers(const YamlNode& node, const Decoding& decoding) {
  if (!node.is_map()) return read_names(node, decoding);
  Triggers on;
  MapReader map(node, "`on`", decoding.diagnostics);
  if (const YamlNode* value = map.find_maybe_empty("push")) on.push = read_ref_filter(*value, "push", decoding);
  if (const YamlNode* value = map.find_maybe_empty("pull_request")) {
    on.pull_request = read_ref_filter(*value, "pull_request", decoding);
  }
  if (const YamlNode* value = map.find_maybe_empty("tag")) {
    on.tag = read_tags(*value, decoding);
  }
  if (const YamlNode* value = map.find("registry")) on.registry = read_registry(*value, decoding);
  if (const YamlNode* value = map.find_maybe_empty("manual"); value != nullptr && !value->is_null()) {
    MapReader(*value, "`on.manual`", decoding.diagnostics).finish();
  }
  map.later("schedule");
  map.foreign("workflow_dispatch", "every file can be run by hand; `manual: {}` says that it is only that");
  map.finish();
  if (node.entries.empty()) {
    decoding.diagnostics.error(node.at, "`on` is empty, so no run would ever start", {}, "write `on: push`");
  }
  return on;
}

}  // namespace slipway::pipelines
