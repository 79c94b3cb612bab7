#pragma once
#include <map>
#include <string>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "docker-client/exec.hpp"
#include "orchestrator/rollouts/compose/application.hpp"

namespace slipway::rollouts {

/// Asks the command gate in the containers of one host. Borrows `exec` and `clock`.
class CommandGates {
 public:
  struct Answer {
    bool good = false;
    std::string detail;  ///< why not, one line
  };

  CommandGates(docker::Exec& exec, const Clock& clock) : exec_(exec), clock_(clock) {}

  /// What the command says in `container`, which runs; within `interval` of the last time, what it said then. One that
  /// outlives its timeout is no good until it has ended: there is never a second beside it. An Engine that does not
  /// answer is an Error.
  awaitable<Result<Answer>> ask(std::string container, CommandGate gate);

 private:
  struct Last {
    Time asked;
    Answer answer;
    std::string running;  ///< the exec that did not end in time
  };

  awaitable<Result<Answer>> carry_out(std::string container, CommandGate gate, std::string& running);

  docker::Exec& exec_;
  const Clock& clock_;
  std::map<std::string, Last> last_;  ///< by container
};

}  // namespace slipway::rollouts
