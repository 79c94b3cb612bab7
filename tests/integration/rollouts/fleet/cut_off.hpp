#pragma once
#include <cstdlib>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

namespace slipway::rollouts {

/// Cuts one of the rig's hosts off for as long as it lives.
class CutOff {
 public:
  explicit CutOff(int host = 3) : link_(rig_link(host)) { set("down"); }
  ~CutOff() { mend(); }
  CutOff(const CutOff&) = delete;
  CutOff& operator=(const CutOff&) = delete;
  void mend() {
    if (!std::exchange(mended_, true)) set("up");
  }

 private:
  static std::string rig_link(int host) {
    const char* name = std::getenv("SLIPWAY_RIG_NAME");
    return std::string(name == nullptr ? "slipway" : name) + "-v" + std::to_string(host);
  }
  void set(const std::string& state) const {
    REQUIRE(std::system(("ip link set " + link_ + " " + state).c_str()) == 0);
  }
  std::string link_;
  bool mended_ = false;
};

}  // namespace slipway::rollouts
