#pragma once
#include "orchestrator/rollouts/difference.hpp"

namespace slipway::rollouts {

/// The container that a host shows where all is as it was wanted.
inline Shown shown(const Wanted& from, bool running = true) {
  Shown one;
  one.name = from.name;
  one.service = from.service;
  one.replica = from.replica;
  one.generation = from.generation;
  one.spec_hash = from.spec_hash;
  one.running = running;
  one.status = running ? "running" : "exited";
  return one;
}

}  // namespace slipway::rollouts
