#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipelines/yaml_reader.hpp"

namespace slipway::pipelines {

/// Thrown by YamlTree to leave the parser that calls it; never leaves read_yaml.
struct YamlRefused {
  Position at;
  std::string message;
  std::string text;
  std::string help;
};

/// Puts a tree together from a parser's events, without recursion, and holds it to the limits. What stops the reading
/// is thrown as YamlRefused; what does not (a duplicate key, a tag) goes to the diagnostics.
class YamlTree {
 public:
  YamlTree(Diagnostics& diagnostics, YamlLimits limits) : diagnostics_(diagnostics), limits_(limits) {}

  /// 0: no anchor.
  using Anchor = std::size_t;

  void null(Position at, Anchor anchor);
  void scalar(Position at, std::string text, bool quoted, Anchor anchor);
  void alias(Position at, Anchor anchor);
  void begin(YamlNode::Kind kind, Position at, Anchor anchor);
  void end();

  /// Where the last event was: for a parser that does not know where it failed.
  [[nodiscard]] Position last() const { return last_; }
  /// The innermost list or map that is still open.
  [[nodiscard]] const YamlNode* open() const { return open_.empty() ? nullptr : &open_.back().node; }
  YamlNode take() { return std::move(root_); }

 private:
  struct Measure {
    std::size_t nodes = 1;
    std::size_t bytes = 0;
    std::size_t depth = 0;
  };
  struct Open {
    YamlNode node;
    Anchor anchor;
    Measure measure;
    bool key_awaited = true;
  };
  struct Anchored {
    YamlNode node;
    Measure measure;
  };

  void add(YamlNode node, const Measure& measure, Anchor anchor);
  void add_key(const YamlNode& node);
  void count(Position at, const Measure& measure);
  void merge(YamlNode& map);
  [[nodiscard]] bool key_expected() const;

  Diagnostics& diagnostics_;
  YamlLimits limits_;
  std::vector<Open> open_;
  std::map<Anchor, Anchored> anchored_;
  YamlNode root_;
  Position last_;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace slipway::pipelines
