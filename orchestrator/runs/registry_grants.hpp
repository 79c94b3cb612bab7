#pragma once
#include <map>
#include <string>
#include <vector>

#include "images/reference.hpp"

namespace slipway::runs {

/// For which repositories somebody may use the credentials that slipwayd has: unless told otherwise, for all.
class RegistryGrants {
 public:
  /// What anybody gets: none.
  static RegistryGrants none();

  /// Of this registry (host[:port]) only repositories whose path fits one of these globs ("shop/*"); none: not any.
  void limit(std::string registry, std::vector<std::string> paths);
  /// Whether nothing is limited.
  [[nodiscard]] bool whole() const { return !none_ && limited_.empty(); }
  [[nodiscard]] bool cover(const images::Reference& repository) const;
  /// The same for a reference as people write it; one that is none is not covered.
  [[nodiscard]] bool cover(const std::string& reference) const;

 private:
  bool none_ = false;
  std::map<std::string, std::vector<std::string>> limited_;
};

}  // namespace slipway::runs
