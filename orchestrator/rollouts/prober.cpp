#include "orchestrator/rollouts/prober.hpp"

#include <algorithm>

#include "base/http_client.hpp"
#include "base/log.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::size_t lanes = 3;
constexpr std::size_t most_threads = 24;
constexpr std::size_t largest_body = 4 << 20;

struct Answer {
  Milliseconds took{0};
  std::string trouble;  ///< empty: a good one
};

/// Blocking. The time is that of the request alone, however long it waited for its thread.
Answer ask(const HttpRequest& request) {
  const auto begin = std::chrono::steady_clock::now();
  const auto response = send_http(request);
  Answer answer;
  answer.took = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin);
  if (!response && response.error().kind != Error::Kind::too_large) answer.trouble = response.error().message;
  if (response && response->status >= 500) answer.trouble = "status " + std::to_string(response->status);
  return answer;
}

HttpRequest request_to(const ProbeTarget& target, const ProbePolicy& policy) {
  HttpRequest request("GET", target.route.url);
  if (!policy.path.empty()) {
    const auto path = request.url.find('/', request.url.find("://") + 3);
    request.url = request.url.substr(0, path) + policy.path;
  }
  request.connect_to = target.route.connect_to;
  request.verify = false;
  request.follow_redirects = false;
  request.connect_timeout = request.timeout = policy.timeout;
  request.body_limit = largest_body;
  return request;
}

}  // namespace

Prober::Prober(Executor executor, const Clock& clock, ProbePolicy policy, std::vector<ProbeTarget> targets,
               ProbeLog log, Owner owner)
    : clock_(clock),
      policy_(std::move(policy)),
      targets_(std::move(targets)),
      log_(std::move(log)),
      owner_(std::move(owner)),
      pool_(std::clamp<std::size_t>(targets_.size() * lanes, 1, most_threads)),
      tasks_(std::move(executor)) {}

void Prober::start() {
  if (policy_.rate <= 0) return;
  if (const Result<void> ready = pool_.start(); !ready) {
    log::warn("routes are not probed", {{"why", ready.error()}});
    return;
  }
  for (const ProbeTarget& target : targets_) {
    for (std::size_t i = 0; i < lanes; ++i) {
      const auto offset = static_cast<std::int64_t>(static_cast<double>(i) * 1000.0 / policy_.rate);
      tasks_.spawn("probe", lane(target, Milliseconds(offset)));
    }
  }
}

awaitable<void> Prober::stop() {
  stopping_.request_stop();
  tasks_.cancel();
  co_await tasks_.join();
}

/// A lane whose request is late begins its next at once, and makes up for nothing.
awaitable<void> Prober::lane(ProbeTarget target, Milliseconds offset) {
  const Milliseconds interval(static_cast<std::int64_t>(static_cast<double>(lanes) * 1000.0 / policy_.rate));
  auto next = std::chrono::steady_clock::now() + offset;
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    if (next > now) co_await sleep_for(next - now);
    co_await ask_once(target);
    next = std::max(next + interval, std::chrono::steady_clock::now());
  }
}

awaitable<void> Prober::ask_once(ProbeTarget target) {
  const std::string stage = stage_;
  HttpRequest sent = request_to(target, policy_);
  sent.stop = stopping_.get_token();
  auto work = [request = std::move(sent)] { return ask(request); };
  const Answer answer = co_await pool_.run(std::move(work));
  if (answer.trouble.empty()) {
    log_.count_from_now(target.host);
    log_.answered(stage, answer.took);
    co_return;
  }
  if (!log_.counts(target.host)) co_return;
  const bool there = co_await owner_.answers(target.host);
  if (!there) {
    log_.unreachable(stage);
    co_return;
  }
  log_.failed(stage, target.host, answer.trouble, clock_.now());
  owner_.dropped(log_.first_failure());
}

}  // namespace slipway::rollouts
