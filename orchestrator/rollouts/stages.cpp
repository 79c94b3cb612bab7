#include "orchestrator/rollouts/stages.hpp"

#include <algorithm>
#include <array>

namespace slipway::rollouts {
namespace {

template <class E, std::size_t N>
using Names = std::array<std::pair<E, std::string_view>, N>;

constexpr Names<Stage, 17> stages{{{Stage::queued, "queued"},
                                   {Stage::planned, "planned"},
                                   {Stage::waiting, "waiting"},
                                   {Stage::pulling, "pulling"},
                                   {Stage::migrating, "migrating"},
                                   {Stage::batch, "batch"},
                                   {Stage::baking, "baking"},
                                   {Stage::finalizing, "finalizing"},
                                   {Stage::paused, "paused"},
                                   {Stage::rolling_back, "rolling_back"},
                                   {Stage::succeeded, "succeeded"},
                                   {Stage::stopped, "stopped"},
                                   {Stage::rolled_back, "rolled_back"},
                                   {Stage::rollback_failed, "rollback_failed"},
                                   {Stage::failed, "failed"},
                                   {Stage::superseded, "superseded"},
                                   {Stage::rejected, "rejected"}}};

constexpr Names<HostStage, 9> host_stages{{{HostStage::pending, "pending"},
                                           {HostStage::pulled, "pulled"},
                                           {HostStage::created, "created"},
                                           {HostStage::started, "started"},
                                           {HostStage::healthy, "healthy"},
                                           {HostStage::attached, "attached"},
                                           {HostStage::old_drained, "old_drained"},
                                           {HostStage::old_stopped, "old_stopped"},
                                           {HostStage::committed, "committed"}}};

constexpr Names<Health, 3> healths{
    {{Health::unknown, "unknown"}, {Health::healthy, "healthy"}, {Health::unhealthy, "unhealthy"}}};

constexpr Names<Phase, 5> phases{{{Phase::whole, "whole"},
                                  {Phase::prepare, "prepare"},
                                  {Phase::share, "share"},
                                  {Phase::change, "change"},
                                  {Phase::finish, "finish"}}};

constexpr Names<HookPoint, 8> hooks{{{HookPoint::before_install, "before_install"},
                                     {HookPoint::after_install, "after_install"},
                                     {HookPoint::start, "start"},
                                     {HookPoint::validate, "validate"},
                                     {HookPoint::before_traffic, "before_traffic"},
                                     {HookPoint::after_traffic, "after_traffic"},
                                     {HookPoint::before_stop, "before_stop"},
                                     {HookPoint::after_stop, "after_stop"}}};

constexpr std::array start_first{HostStage::pending,     HostStage::pulled,      HostStage::created,
                                 HostStage::started,     HostStage::healthy,     HostStage::attached,
                                 HostStage::old_drained, HostStage::old_stopped, HostStage::committed};
constexpr std::array stop_first{HostStage::pending,     HostStage::pulled,      HostStage::created,
                                HostStage::old_drained, HostStage::old_stopped, HostStage::started,
                                HostStage::healthy,     HostStage::attached,    HostStage::committed};

template <class E, std::size_t N>
std::string_view name_in(const Names<E, N>& names, E value) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const auto& pair) { return pair.first == value; });
  return found == names.end() ? std::string_view("unknown") : found->second;
}

template <class E, std::size_t N>
std::optional<E> value_in(const Names<E, N>& names, std::string_view name) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const auto& pair) { return pair.second == name; });
  if (found == names.end()) return std::nullopt;
  return found->first;
}

}  // namespace

std::string_view name_of(Stage stage) {
  return name_in(stages, stage);
}
std::string_view name_of(HostStage stage) {
  return name_in(host_stages, stage);
}
std::string_view name_of(Health health) {
  return name_in(healths, health);
}
std::string_view name_of(Order order) {
  return order == Order::start_first ? "start-first" : "stop-first";
}
std::string_view name_of(Heading heading) {
  return heading == Heading::forward ? "forward" : "back";
}
std::string_view name_of(FailureAction action) {
  if (action == FailureAction::pause) return "pause";
  return action == FailureAction::go_on ? "continue" : "rollback";
}

std::string_view name_of(BackScope scope) {
  if (scope == BackScope::failed) return "failed";
  return scope == BackScope::none ? "none" : "all";
}

std::string_view name_of(Concurrency concurrency) {
  if (concurrency == Concurrency::supersede) return "supersede";
  return concurrency == Concurrency::refuse ? "refuse" : "queue";
}

BackScope back_scope_of(std::string_view name) {
  if (name == name_of(BackScope::failed)) return BackScope::failed;
  return name == name_of(BackScope::none) ? BackScope::none : BackScope::all;
}

std::string_view name_of(Phase phase) {
  return name_in(phases, phase);
}

std::string_view name_of(HookPoint point) {
  return name_in(hooks, point);
}

HostStage stage_of(HookPoint point) {
  switch (point) {
    case HookPoint::before_install:
    case HookPoint::after_install:
      return HostStage::created;
    case HookPoint::start:
      return HostStage::started;
    case HookPoint::validate:
      return HostStage::healthy;
    case HookPoint::before_traffic:
    case HookPoint::after_traffic:
      return HostStage::attached;
    case HookPoint::before_stop:
    case HookPoint::after_stop:
      break;
  }
  return HostStage::old_stopped;
}

std::optional<Phase> phase_of(std::string_view name) {
  return value_in(phases, name);
}
std::optional<Stage> stage_of(std::string_view name) {
  return value_in(stages, name);
}
std::optional<HostStage> host_stage_of(std::string_view name) {
  return value_in(host_stages, name);
}
std::optional<Health> health_of(std::string_view name) {
  return value_in(healths, name);
}

bool is_end(Stage stage) {
  return stage == Stage::succeeded || stage == Stage::stopped || stage == Stage::rolled_back ||
         stage == Stage::rollback_failed || stage == Stage::failed || stage == Stage::superseded ||
         stage == Stage::rejected;
}

bool reaches(HostStage stage, HostStage other, Order order) {
  const auto& sequence = order == Order::start_first ? start_first : stop_first;
  return std::find(sequence.begin(), sequence.end(), stage) >= std::find(sequence.begin(), sequence.end(), other);
}

std::optional<HostStage> after(HostStage stage, Order order) {
  const auto& sequence = order == Order::start_first ? start_first : stop_first;
  const auto found = std::find(sequence.begin(), sequence.end(), stage);
  if (found == sequence.end() || found + 1 == sequence.end()) return std::nullopt;
  return *(found + 1);
}

}  // namespace slipway::rollouts
