#include "orchestrator/rollouts/command_gate.hpp"

#include "orchestrator/rollouts/evidence.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::size_t output_limit = 4096;

}  // namespace

awaitable<Result<CommandGates::Answer>> CommandGates::ask(std::string container, CommandGate gate) {
  Last& last = last_[container];
  const Time now = clock_.now();
  if (last.asked != Time() && now >= last.asked && now - last.asked < gate.interval) co_return last.answer;
  if (!last.running.empty()) {
    auto state = co_await exec_.inspect(last.running);
    if (!state && state.error().kind != Error::Kind::not_found) co_return fail(state.error());
    if (state && state->running) co_return last.answer;
    last.running.clear();
  }
  last.asked = now;
  auto answer = co_await carry_out(container, std::move(gate), last.running);
  if (answer) last.answer = *answer;
  co_return answer;
}

awaitable<Result<CommandGates::Answer>> CommandGates::carry_out(std::string container, CommandGate gate,
                                                                std::string& running) {
  const std::string command = gate.command.front();
  docker::ExecSpec spec(gate.command);
  auto id = co_await exec_.create(container, std::move(spec));
  if (!id && !id.error().transient()) co_return Answer{false, command + ": " + id.error().message};
  if (!id) co_return fail(id.error());
  auto ended = co_await with_deadline(gate.timeout, exec_.carry_out(*id, false, output_limit), command);
  if (!ended && ended.error().kind == Error::Kind::timeout) {
    running = *id;
    co_return Answer{false, ended.error().message};
  }
  if (!ended && !ended.error().transient()) co_return Answer{false, command + ": " + ended.error().message};
  if (!ended) co_return fail(ended.error());
  if (ended->exit_code == 0) co_return Answer{true, {}};
  const std::string said = gist_of(ended->output);
  co_return Answer{false,
                   command + " ended with " + std::to_string(ended->exit_code) + (said.empty() ? "" : ": " + said)};
}

}  // namespace slipway::rollouts
