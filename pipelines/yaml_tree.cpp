#include "pipelines/yaml_tree.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "pipelines/source_text.hpp"

namespace slipway::pipelines {
namespace {
constexpr std::size_t longest_key = 512;
constexpr std::string_view merge_key = "<<";
}  // namespace

bool YamlTree::key_expected() const {
  return !open_.empty() && open_.back().node.is_map() && open_.back().key_awaited;
}

void YamlTree::null(Position at, Anchor anchor) {
  last_ = at;
  if (key_expected()) throw YamlRefused{at, "a key is missing before the `:`", ":", "write `key: value`"};
  YamlNode node;
  // The parser places an absent value where the next thing begins; its key is where people look.
  node.at = !open_.empty() && open_.back().node.is_map() ? open_.back().node.entries.back().at : at;
  add(std::move(node), {}, anchor);
}

void YamlTree::scalar(Position at, std::string text, bool quoted, Anchor anchor) {
  last_ = at;
  if (find_unreadable(text)) {
    throw YamlRefused{
        at, "an escape of this value makes a control character", {}, "only `\\t`, `\\r` and `\\n` are allowed"};
  }
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.at = at;
  node.text = std::move(text);
  node.quoted = quoted;
  if (key_expected()) return add_key(node);
  const Measure measure{1, node.text.size(), 0};
  add(std::move(node), measure, anchor);
}

void YamlTree::alias(Position at, Anchor anchor) {
  last_ = at;
  if (key_expected()) throw YamlRefused{at, "an alias can't be a key", "*", "write the key out"};
  const auto found = anchored_.find(anchor);
  if (found == anchored_.end()) {
    throw YamlRefused{at, "this alias refers to something that contains it", "*",
                      "an anchor can't be used inside itself"};
  }
  add(found->second.node, found->second.measure, 0);
}

void YamlTree::begin(YamlNode::Kind kind, Position at, Anchor anchor) {
  last_ = at;
  if (key_expected()) {
    throw YamlRefused{at,
                      "a list or a map can't be a key",
                      {},
                      "close the `[` or `{`, or put quotes around a value that starts with one"};
  }
  if (open_.size() >= limits_.depth) {
    throw YamlRefused{at, fmt::format("lists and maps are nested more than {} deep", limits_.depth), {}, {}};
  }
  YamlNode node;
  node.kind = kind;
  node.at = at;
  open_.push_back({std::move(node), anchor, {}, true});
}

void YamlTree::end() {
  Open done = std::move(open_.back());
  open_.pop_back();
  if (done.node.is_map()) merge(done.node);
  done.measure.depth += 1;
  // Its children were counted when they came; what is left to count is itself.
  count(done.node.at, {1, 0, 0});
  const Anchor anchor = done.anchor;
  if (anchor != 0) anchored_.insert_or_assign(anchor, Anchored{done.node, done.measure});
  nodes_ -= done.measure.nodes;
  bytes_ -= done.measure.bytes;
  add(std::move(done.node), done.measure, 0);
}

void YamlTree::count(Position at, const Measure& measure) {
  nodes_ += measure.nodes;
  bytes_ += measure.bytes;
  if (nodes_ > limits_.nodes) {
    throw YamlRefused{at, fmt::format("more than {} values, aliases expanded", limits_.nodes), {}, {}};
  }
  if (bytes_ > limits_.expanded_bytes) {
    throw YamlRefused{at, fmt::format("more than {} bytes of text, aliases expanded", limits_.expanded_bytes), {}, {}};
  }
}

void YamlTree::add(YamlNode node, const Measure& measure, Anchor anchor) {
  count(node.at, measure);
  if (open_.size() + measure.depth > limits_.depth) {
    throw YamlRefused{last_, fmt::format("lists and maps are nested more than {} deep", limits_.depth), {}, {}};
  }
  if (anchor != 0) anchored_.insert_or_assign(anchor, Anchored{node, measure});
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  Open& parent = open_.back();
  parent.measure.nodes += measure.nodes;
  parent.measure.bytes += measure.bytes;
  parent.measure.depth = std::max(parent.measure.depth, measure.depth);
  if (parent.node.is_list()) {
    parent.node.items.push_back(std::move(node));
  } else {
    parent.node.entries.back().value = std::move(node);
    parent.key_awaited = true;
  }
}

void YamlTree::add_key(const YamlNode& node) {
  if (node.text.size() > longest_key) {
    throw YamlRefused{node.at, fmt::format("a key is longer than {} bytes", longest_key), node.text, {}};
  }
  count(node.at, {1, node.text.size(), 0});
  Open& parent = open_.back();
  parent.measure.nodes += 1;
  parent.measure.bytes += node.text.size();
  parent.node.entries.push_back({node.text, node.at, {}});
  parent.key_awaited = false;
}

/// Settles what could not be settled key by key: doubles (by sorting, since a quadratic search would be an attack) and
/// merge keys.
void YamlTree::merge(YamlNode& map) {
  std::vector<const YamlEntry*> sorted;
  for (const YamlEntry& entry : map.entries) sorted.push_back(&entry);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i - 1]->key != sorted[i]->key) continue;
    diagnostics_.error(
        sorted[i]->at, fmt::format("the key `{}` is there twice", sorted[i]->key), sorted[i]->key,
        fmt::format("the first is at {}:{}; keep one", sorted[i - 1]->at.line, sorted[i - 1]->at.column));
  }
  const auto found = std::find_if(map.entries.begin(), map.entries.end(),
                                  [](const YamlEntry& entry) { return entry.key == merge_key; });
  if (found == map.entries.end()) return;
  const YamlEntry merged = std::move(*found);
  map.entries.erase(found);
  std::set<std::string, std::less<>> keys;
  for (const YamlEntry& entry : map.entries) keys.insert(entry.key);
  const bool several = merged.value.is_list();
  for (const YamlNode& source : several ? merged.value.items : std::vector<YamlNode>{merged.value}) {
    if (!source.is_map()) {
      diagnostics_.error(merged.at, "`<<` takes a map, or a list of maps, to merge", merge_key, "write `<<: *name`");
    }
    for (const YamlEntry& entry : source.entries) {
      if (keys.insert(entry.key).second) map.entries.push_back(entry);
    }
  }
}

}  // namespace slipway::pipelines
