#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "orchestrator/rollouts/compose/application.hpp"

/// When the windows of a file are open. Nothing here looks at a clock; zones come from the machine's data.
namespace slipway::rollouts {

struct Opening {
  Time from, to;     ///< `to` is closed already
  std::string zone;  ///< of the window that opens
};

/// The present opening of the window, or its next one; none within the coming 400 days, or if the machine does not know
/// its zone: nothing.
std::optional<Opening> opening_of(const Window& window, Time now);

/// Of several, the one that begins first.
std::optional<Opening> opening_of(const std::vector<Window>& windows, Time now);

/// Always, where there is no window.
bool is_open(const std::vector<Window>& windows, Time now);

/// "opens Mon 30 Nov 09:00 CET", for windows that are closed.
std::string opens_when(const std::vector<Window>& windows, Time now);

}  // namespace slipway::rollouts
