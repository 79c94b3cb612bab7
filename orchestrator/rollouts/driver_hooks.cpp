// Hooks and migrations: what they are on a host, and the notes that keep them from running twice.
#include <algorithm>

#include <boost/asio/redirect_error.hpp>

#include "orchestrator/rollouts/driver.hpp"
#include "orchestrator/rollouts/once.hpp"

namespace slipway::rollouts {
namespace {

std::string dashed(std::string text) {
  std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

/// What runs before `stage` is worked on, and after it is reached. Where requests come in shares, `after_traffic` waits
/// for all of them.
std::vector<HookPoint> points_before(HostStage stage) {
  if (stage == HostStage::created) return {HookPoint::before_install};
  if (stage == HostStage::attached) return {HookPoint::before_traffic};
  if (stage == HostStage::old_stopped) return {HookPoint::before_stop};
  return {};
}

std::vector<HookPoint> points_after(HostStage stage, unsigned weight) {
  if (stage == HostStage::created) return {HookPoint::after_install};
  if (stage == HostStage::started) return {HookPoint::start};
  if (stage == HostStage::healthy) return {HookPoint::validate};
  if (stage == HostStage::attached && weight == 100) return {HookPoint::after_traffic};
  if (stage == HostStage::old_stopped) return {HookPoint::after_stop};
  return {};
}

}  // namespace

/// Keeps notes with the progress, which the driver commits in one go.
class Driver::Notes final : public OnceJournal {
 public:
  explicit Notes(Driver& driver) : driver_(driver) {}

  [[nodiscard]] std::optional<OnceNote> noted(const std::string& key) const override {
    const auto found = driver_.assignment_.notes.find(key);
    if (found == driver_.assignment_.notes.end()) return std::nullopt;
    return found->second;
  }

  awaitable<Result<void>> note(std::string key, OnceNote note) override {
    driver_.assignment_.notes[key] = std::move(note);
    const std::uint64_t mine = ++driver_.notes_made_;
    driver_.awake_.cancel();
    while (driver_.notes_kept_ < mine) {
      boost::system::error_code ignored;
      co_await driver_.kept_.async_wait(asio::redirect_error(use_awaitable, ignored));
      co_await throw_if_cancelled();
    }
    co_return Result<void>();
  }

 private:
  Driver& driver_;
};

std::unique_ptr<OnceJournal> Driver::make_journal() {
  return std::make_unique<Notes>(*this);
}

/// A rollback leaves them out: it must not hang on what may be what is broken.
bool Driver::has_hooks(const Action& action) const {
  const Policy& policy = assignment_.forward->application.policy;
  return action.heading == Heading::forward && assignment_.rollout.kind != "rollback" && !policy.hooks.empty() &&
         target_of(action.host, Heading::forward) == assignment_.forward;
}

/// What the host is to have: each generation has hosts of its own.
std::shared_ptr<const Target> Driver::target_of(const std::string& host, Heading heading) const {
  const auto& target = heading == Heading::forward ? assignment_.forward : assignment_.back;
  return target->is_for(host) ? target : assignment_.nothing;
}

bool Driver::leaves_one_shots() const {
  const Policy& policy = assignment_.forward->application.policy;
  return !policy.hooks.empty() || policy.migrate || asks_for_nothing();
}

awaitable<Result<void>> Driver::reach(HostWork* work, Site site, Action action) {
  const std::string application = assignment_.rollout.application;
  if (auto ours = co_await hold(site); !ours) co_return ours;
  const auto target = target_of(action.host, action.heading);
  Once once(site, *work, *journal_, deadlines(), maker(), assignment_.say);
  const bool tidy = action.stage == (action.heading == Heading::back ? HostStage::pulled : HostStage::committed);
  if (tidy && leaves_one_shots()) {
    if (auto swept = co_await once.sweep(application); !swept) co_return swept;
  }
  const bool hooks = has_hooks(action);
  if (hooks) {
    auto ran = co_await run_hooks(&once, action.host, points_before(action.stage));
    if (!ran) co_return ran;
  }
  auto reached = co_await work->reach(action.stage, action.heading, target, application, action.weight);
  if (!reached || !hooks) co_return reached;
  co_return co_await run_hooks(&once, action.host, points_after(action.stage, action.weight));
}

awaitable<Result<void>> Driver::run_hooks(Once* once, std::string host, std::vector<HookPoint> points) {
  const Policy& policy = assignment_.forward->application.policy;
  for (const HookPoint point : points) {
    const auto hooks = policy.hooks.find(point);
    if (hooks == policy.hooks.end()) continue;
    for (std::size_t i = 0; i < hooks->second.size(); ++i) {
      auto ran = co_await run_hook(once, host, point, i);
      if (!ran) co_return ran;
    }
  }
  co_return Result<void>();
}

awaitable<Result<void>> Driver::run_hook(Once* once, std::string host, HookPoint point, std::size_t index) {
  const Hook& hook = assignment_.forward->application.policy.hooks.at(point)[index];
  OneShot what;
  what.label = std::string(name_of(point));
  what.title = "hook " + what.label;
  what.key = host + "/" + what.label + "/" + std::to_string(index);
  what.service = hook.service;
  what.run = hook.run;
  what.timeout = hook.timeout;
  what.target = target_of(host, hook.old ? Heading::back : Heading::forward);
  what.old = hook.old;
  if (!hook.exec) what.container = one_shot_name(dashed(what.label), index);
  // A first rollout has nothing old, and neither has a service that is new, or a host.
  if (what.target->spec.find(hook.service) == nullptr) co_return Result<void>();
  auto ran = co_await once->run(std::move(what));
  if (ran || ran.error().transient() || !hook.go_on) co_return ran;
  if (assignment_.say) assignment_.say("host " + host + ": " + ran.error().message + "; it goes on all the same");
  co_return Result<void>();
}

std::string Driver::one_shot_name(const std::string& what, std::size_t index) const {
  return assignment_.rollout.application + "-" + what + "-r" + to_string(assignment_.rollout.id) + "-" +
         std::to_string(index + 1);
}

}  // namespace slipway::rollouts
