#pragma once
#include <map>
#include <string>

#include "base/clock.hpp"

namespace slipway::rollouts {

/// What is on the disk about a program that must not run twice.
struct OnceNote {
  std::string id;  ///< of its container, or of the exec; empty: none could be made
  Time until;      ///< its time is up
  bool ended = false;
  std::string trouble;  ///< why it failed; empty: it did not
  friend bool operator==(const OnceNote&, const OnceNote&) = default;
};
using OnceNotes = std::map<std::string, OnceNote>;  ///< by OneShot::key

}  // namespace slipway::rollouts
