#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "docker-client/filters.hpp"
#include "docker-client/transport.hpp"

namespace slipway::docker {

struct VolumeSpec {
  std::string name;  ///< empty: the Engine invents one
  std::string driver = "local";
  std::map<std::string, std::string> options;
  Labels labels;
};

struct Volume {
  std::string name, driver, mountpoint;
  Labels labels;
  std::map<std::string, std::string> options;
  std::optional<Time> created_at;
};

/// Borrows `transport`, which must outlive it.
class Volumes {
 public:
  explicit Volumes(Transport& transport) : transport_(transport) {}

  /// One of that name that exists already is given back as it is, its labels too: compare them.
  awaitable<Result<Volume>> create(VolumeSpec spec);
  awaitable<Result<Volume>> inspect(std::string name);
  awaitable<Result<std::vector<Volume>>> list(Filters filters = {});
  /// Unknown is success, in use is Kind::conflict.
  awaitable<Result<void>> remove(std::string name, bool force = false);
  /// Unused volumes that match, named ones too; at least one label filter is demanded.
  awaitable<Result<Pruned>> prune(Filters filters);

 private:
  Transport& transport_;
};

}  // namespace slipway::docker
