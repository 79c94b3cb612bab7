#include "orchestrator/rollouts/prober.hpp"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>

#include "base/http_client.hpp"
#include "base/log.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::size_t lanes = 3;
constexpr std::size_t most_threads = 24;
constexpr std::size_t largest_body = 4 << 20;
constexpr Milliseconds thread_margin{500};  // for its thread, beyond a probe's own time

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

/// Has a probe among those that are open for as long as it lives.
class Prober::Sent {
 public:
  Sent(Prober& prober, std::string host) : prober_(prober), number_(++prober.sent_) {
    prober_.open_.emplace(number_, Open{std::move(host), prober.stage_});
  }
  Sent(const Sent&) = delete;
  ~Sent() {
    prober_.open_.erase(number_);
    prober_.answered_.cancel();
  }
  [[nodiscard]] const std::string& stage() const { return prober_.open_.at(number_).stage; }

 private:
  Prober& prober_;
  std::uint64_t number_;
};

Prober::Prober(Executor executor, const Clock& clock, ProbePolicy policy, std::vector<ProbeTarget> targets,
               ProbeLog log, Owner owner)
    : clock_(clock),
      policy_(std::move(policy)),
      targets_(std::move(targets)),
      log_(std::move(log)),
      owner_(std::move(owner)),
      answered_(executor, asio::steady_timer::time_point::max()),
      pool_(std::clamp<std::size_t>(targets_.size() * (lanes + 1), 1, most_threads)),
      tasks_(std::move(executor)) {}

void Prober::start() {
  if (policy_.rate <= 0) return;
  if (const Result<void> ready = pool_.start(); !ready) {
    log::warn("routes are not probed", {{"why", ready.error()}});
    return;
  }
  sending_ = true;
  for (const ProbeTarget& target : targets_) {
    for (std::size_t i = 0; i < lanes; ++i) {
      const auto offset = static_cast<std::int64_t>(static_cast<double>(i) * 1000.0 / policy_.rate);
      tasks_.spawn("probe", lane(target, Milliseconds(offset)));
    }
  }
}

awaitable<Result<void>> Prober::until_answered(std::string host, std::uint64_t last) {
  const auto is_meant = [&](const auto& one) { return one.first <= last && (host.empty() || one.second.host == host); };
  while (std::any_of(open_.begin(), open_.end(), is_meant)) {
    boost::system::error_code ignored;
    co_await answered_.async_wait(asio::redirect_error(use_awaitable, ignored));
    co_await throw_if_cancelled();
  }
  co_return Result<void>();
}

awaitable<void> Prober::wait_for_open(std::string host) {
  auto answers = until_answered(std::move(host), sent_);
  (void)co_await with_deadline(policy_.timeout + owner_.patience + thread_margin, std::move(answers),
                               "the last probes");
}

awaitable<void> Prober::settle(std::string host) {
  for (const ProbeTarget& target : targets_) {
    if (!sending_ || target.host != host) continue;
    tasks_.spawn("probe", ask_once(target, std::make_unique<Sent>(*this, host)));
  }
  co_await wait_for_open(std::move(host));
}

awaitable<void> Prober::finish() {
  sending_ = false;
  co_await wait_for_open({});
  finished_ = true;
  for (const auto& [number, probe] : open_) {
    if (log_.counts(probe.host)) log_.unanswered(probe.stage);
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
    if (!sending_) co_return;
    auto sent = std::make_unique<Sent>(*this, target.host);
    co_await ask_once(target, std::move(sent));
    next = std::max(next + interval, std::chrono::steady_clock::now());
  }
}

awaitable<void> Prober::ask_once(ProbeTarget target, std::unique_ptr<Sent> sent) {
  const std::string stage = sent->stage();
  HttpRequest made = request_to(target, policy_);
  made.stop = stopping_.get_token();
  auto work = [request = std::move(made)] { return ask(request); };
  const Answer answer = co_await pool_.run(std::move(work));
  if (finished_) co_return;
  if (answer.trouble.empty()) {
    log_.count_from_now(target.host);
    log_.answered(stage, answer.took);
    co_return;
  }
  if (!log_.counts(target.host)) co_return;
  const bool there = co_await owner_.answers(target.host);
  if (finished_) co_return;
  if (!there) {
    log_.unreachable(stage);
    co_return;
  }
  log_.failed(stage, target.host, answer.trouble, clock_.now());
  owner_.dropped(log_.first_failure());
}

}  // namespace slipway::rollouts
