#include "orchestrator/rollouts/health_watch.hpp"

#include <algorithm>

#include "base/http_client.hpp"
#include "orchestrator/rollouts/evidence.hpp"
#include "orchestrator/rollouts/labels.hpp"

namespace slipway::rollouts {
namespace {

constexpr Milliseconds default_interval{500};

Health health_of(docker::Health::Status status) {
  if (status == docker::Health::Status::healthy) return Health::healthy;
  return status == docker::Health::Status::unhealthy ? Health::unhealthy : Health::unknown;
}

HealthSample sample_of(const docker::Container& container) {
  HealthSample sample;
  const docker::ContainerState& state = container.state;
  sample.restarting = state.status == docker::ContainerStatus::restarting;
  sample.running = state.running && !sample.restarting;
  sample.restarts = container.restart_count;
  sample.out_of_memory = state.oom_killed;
  sample.exit_code = state.exit_code;
  sample.has_check = state.health.status != docker::Health::Status::none;
  sample.check = health_of(state.health.status);
  sample.detail = gist_of(state.health.last_output);
  return sample;
}

std::string host_port(const docker::Container& container, std::uint16_t port) {
  for (const docker::PublishedPort& one : container.ports) {
    if (one.container_port == port && one.protocol == "tcp") return one.host_port;
  }
  return {};
}

std::string bracketed(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

bool passes(const HttpGate& gate, int status) {
  return gate.status == 0 ? status >= 200 && status < 400 : status == gate.status;
}

}  // namespace

Milliseconds HealthWatch::interval() const {
  const Policy& policy = target_.application.policy;
  if (policy.gate && policy.command) return std::min(policy.gate->interval, policy.command->interval);
  if (policy.command) return policy.command->interval;
  return policy.gate ? policy.gate->interval : default_interval;
}

Milliseconds HealthWatch::patience(std::size_t containers) const {
  const Policy& policy = target_.application.policy;
  Milliseconds all{0};
  if (policy.gate) all += policy.gate->timeout;
  if (policy.command) all += policy.command->timeout;
  return all * static_cast<std::int64_t>(containers);
}

/// The first that does not pass is the one to tell.
awaitable<Result<void>> HealthWatch::ask_gates(const docker::Container& container, const std::string& service,
                                               HealthSample& sample) {
  const Policy& policy = target_.application.policy;
  if (policy.gate && policy.gate->service == service) co_await ask_http(container, sample);
  if (!policy.command || policy.command->service != service || !sample.gate.value_or(true)) co_return Result<void>();
  auto answer = co_await commands_.ask(container.id, *policy.command);
  if (!answer) co_return fail(answer.error());
  sample.gate = answer->good;
  sample.gate_name = "command";
  sample.detail = answer->detail;
  co_return Result<void>();
}

awaitable<void> HealthWatch::ask_http(const docker::Container& container, HealthSample& sample) {
  const HttpGate& gate = *target_.application.policy.gate;
  const std::string port = host_port(container, gate.port);
  sample.gate = false;
  sample.gate_name = "HTTP";
  if (port.empty()) {
    sample.detail = "port " + std::to_string(gate.port) + " is not published";
    co_return;
  }
  HttpRequest request("GET", "http://" + bracketed(address_) + ":" + port + gate.path);
  request.connect_timeout = request.timeout = gate.timeout;
  request.follow_redirects = false;
  request.body_limit = 1 << 20;
  auto answer = co_await send_http(pool_, std::move(request));
  if (!answer) {
    sample.detail = "GET " + gate.path + ": " + answer.error().message;
  } else {
    sample.gate = passes(gate, answer->status);
    sample.detail = "GET " + gate.path + ": status " + std::to_string(answer->status);
  }
}

awaitable<Result<HealthSample>> HealthWatch::sample(Wanted wanted) {
  auto container = co_await containers_.inspect(wanted.name);
  if (!container) co_return fail(container.error());
  HealthSample sample = sample_of(*container);
  const auto& labels = container->config.labels;
  const bool is_new = label_of(labels, label::rollout) == std::to_string(rollout_);
  gates_.try_emplace(wanted.name, needed_, is_new ? 0 : sample.restarts);
  const bool ready = sample.running && (!sample.has_check || sample.check == Health::healthy);
  if (ready) {
    if (auto asked = co_await ask_gates(*container, wanted.service, sample); !asked) co_return fail(asked.error());
  }
  co_return sample;
}

/// One that is to complete is healthy once it has.
awaitable<Result<HealthWatch::Verdict>> HealthWatch::look_at_end(Wanted wanted) {
  auto container = co_await containers_.inspect(wanted.name);
  if (!container) co_return fail(container.error());
  const docker::ContainerState& state = container->state;
  if (state.running) co_return Verdict{HealthGate::Verdict::wait, wanted.name, "has not completed yet"};
  if (state.started_at && state.exit_code == 0) co_return Verdict{HealthGate::Verdict::healthy, {}, {}};
  const std::string why = state.oom_killed ? "ran out of memory"
                                           : "was to complete and exited with code " + std::to_string(state.exit_code);
  co_return Verdict{HealthGate::Verdict::failed, wanted.name, why};
}

awaitable<Result<HealthWatch::Verdict>> HealthWatch::look_at(Wanted wanted) {
  if (wanted.completes) {
    auto ended = look_at_end(std::move(wanted));
    co_return co_await std::move(ended);
  }
  const std::string name = wanted.name;
  auto seen = co_await sample(std::move(wanted));
  if (!seen) co_return fail(seen.error());
  HealthGate& gate = gates_.at(name);
  const auto verdict = gate.observe(*seen, clock_.now());
  co_return Verdict{verdict, name, gate.reason()};
}

awaitable<Result<HealthWatch::Verdict>> HealthWatch::look(std::vector<Wanted> wanted) {
  Verdict whole;
  whole.verdict = HealthGate::Verdict::healthy;
  for (const Wanted& one : wanted) {
    auto seen = co_await look_at(one);
    if (!seen && seen.error().kind == Error::Kind::not_found) {
      co_return Verdict{HealthGate::Verdict::failed, one.name, "was removed by somebody"};
    }
    if (!seen) co_return fail(seen.error());
    if (seen->verdict == HealthGate::Verdict::failed) co_return *seen;
    if (seen->verdict == HealthGate::Verdict::wait) whole = *seen;
  }
  co_return whole;
}

}  // namespace slipway::rollouts
