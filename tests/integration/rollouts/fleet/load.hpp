#pragma once
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>
#include <sys/types.h>

namespace slipway::rollouts {

/// Requests to the routes of the rig's hosts (tests/support/app/load.py) for as long as it lives, at most 240 s.
class Load {
 public:
  /// Addresses as "198.51.100.11"; `rate` in requests per second to each of them.
  Load(const std::vector<std::string>& addresses, int rate);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Stops it, and gives what it counted.
  nlohmann::json finish();

 private:
  [[nodiscard]] std::string written() const;

  pid_t child_ = 0;
  std::string output_;  ///< a file
};

}  // namespace slipway::rollouts
