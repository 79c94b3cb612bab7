#pragma once
#include <string>
#include <vector>

#include "base/result.hpp"
#include "orchestrator/triggers/event.hpp"
#include "orchestrator/triggers/source.hpp"

namespace slipway::triggers {

struct Parsed {
  TriggerEvent event;
  std::string body;  ///< a payload that holds this event alone; empty: the message's own body
};

/// Most events that one message may hold (branches of one push at Bitbucket, images of one Distribution envelope).
inline constexpr std::size_t max_events = 20;

/// The events of a message that `verify` has passed; at least one. A payload that is not what its sender documents is
/// Kind::invalid and says which part; an event of a kind that starts no run is EventKind::other.
Result<std::vector<Parsed>> parse(Source source, const HookMessage& message);

}  // namespace slipway::triggers
