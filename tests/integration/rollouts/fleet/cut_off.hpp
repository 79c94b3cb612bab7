#pragma once
#include <cstdlib>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "tests/integration/rollouts/fleet/fleet.hpp"

namespace slipway::rollouts {

/// Cuts one of the rig's hosts off for as long as it lives.
class CutOff {
 public:
  CutOff(const Fleet& fleet, const std::string& host) : link_(rig_link(fleet.hosts->address_of(host))) { set("down"); }
  ~CutOff() { mend(); }
  CutOff(const CutOff&) = delete;
  CutOff& operator=(const CutOff&) = delete;
  void mend() {
    if (!std::exchange(mended_, true)) set("up");
  }

 private:
  static std::string rig_link(const std::string& address) {
    const char* name = std::getenv("SLIPWAY_RIG_NAME");
    return std::string(name == nullptr ? "slipway" : name) + "-v" + std::to_string(rig_number(address));
  }
  void set(const std::string& state) const {
    REQUIRE(std::system(("ip link set " + link_ + " " + state).c_str()) == 0);
  }
  std::string link_;
  bool mended_ = false;
};

}  // namespace slipway::rollouts
