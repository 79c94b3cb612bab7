#pragma once
#include <map>
#include <string>
#include <vector>

namespace slipway::docker {

using Labels = std::map<std::string, std::string>;

/// The Engine's `filters`: values of one name are alternatives (labels: all must match), names must all match.
///   Filters{}.label("dev.slipway.instance", "a1").add("status", "running")
class Filters {
 public:
  Filters& add(std::string name, std::string value) {
    values_[std::move(name)].push_back(std::move(value));
    return *this;
  }
  /// Objects that have the label, whatever its value.
  Filters& label(std::string name) { return add("label", std::move(name)); }
  Filters& label(const std::string& name, const std::string& value) { return add("label", name + "=" + value); }

  [[nodiscard]] bool empty() const { return values_.empty(); }
  /// True if a label is among them: what a prune of ours must have.
  [[nodiscard]] bool by_label() const { return values_.contains("label"); }
  /// The JSON that goes into the query.
  [[nodiscard]] std::string json() const;

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

/// What a prune removed.
struct Pruned {
  std::vector<std::string> removed;  ///< ids or names
  std::int64_t bytes_freed = 0;
};

}  // namespace slipway::docker
