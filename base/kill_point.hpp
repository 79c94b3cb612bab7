#pragma once
#include <string_view>

/// Named instants at which a test makes this process die or stand still: both sides of every commit, of every call to
/// an engine, of every request by HTTP, of every write of a log and of every program run. Compiled into what users run,
/// so that what is tested is what is shipped; off unless the environment turns them on, and then read once:
///
///   SLIPWAY_KILL_POINT="3:after commit step.running"      SIGKILL to itself at the third passing (without "N:": the
///                                                         first)
///   SLIPWAY_STOP_POINT="before POST /containers/*/start"  SIGSTOP likewise: the test breaks something, then SIGCONT
///   SLIPWAY_POINT_TRACE=FILE                              appends the name of each point passed
namespace slipway {

enum class Side { before, after };

/// Passes the point `<side> <deed>`. Costs a branch when off. Any thread.
void kill_point(Side side, std::string_view deed);

/// Whether names are worth making.
bool kill_points_on();

}  // namespace slipway
