#include "orchestrator/rollouts/swarm/verdict.hpp"

#include <algorithm>
#include <set>

#include "orchestrator/rollouts/evidence.hpp"
#include "orchestrator/rollouts/labels.hpp"

namespace slipway::rollouts::swarm {
namespace {

using State = docker::UpdateStatus::State;

/// As with a container on a host: the fourth start that fails is final.
constexpr std::size_t most_failures = 4;

bool has_failed(const docker::Task& task) {
  return task.state == "failed" || task.state == "rejected";
}

/// A slot of a replicated service, a node of a global one.
std::string place_of(const docker::Task& task) {
  return task.slot == 0 ? task.node : std::to_string(task.slot);
}

std::string words_of(const docker::Task& task, const NodeNames& nodes) {
  std::string words = "a task";
  const auto node = nodes.find(task.node);
  if (node != nodes.end()) words += " on node " + node->second;
  words += has_failed(task) ? " " + task.state : " is " + task.state;
  const std::string& why = task.error.empty() ? task.message : task.error;
  return why.empty() ? words : words + ": " + printable(why);
}

/// The newest of those that were made for `wanted` and fit; null if none does.
template <class Fits>
const docker::Task* newest(const ServiceView& view, const Wanted& wanted, Fits fits) {
  const docker::Task* found = nullptr;
  for (const docker::Task& task : view.tasks) {
    if (!is_as_asked(task.labels, wanted) || !fits(task)) continue;
    if (found == nullptr || found->since < task.since) found = &task;
  }
  return found;
}

void count(Verdict& verdict, const ServiceView& view, const Wanted& wanted) {
  std::set<std::string> places;
  for (const docker::Task& task : view.tasks) {
    if (task.desired_state != "running" && task.desired_state != "ready") continue;
    places.insert(place_of(task));
    if (task.state != "running" || task.desired_state != "running" || !is_as_asked(task.labels, wanted)) continue;
    verdict.tasks.push_back(task.id);
  }
  std::sort(verdict.tasks.begin(), verdict.tasks.end());
  verdict.running = verdict.tasks.size();
  verdict.wanted = view.service.global ? std::max<std::size_t>(1, places.size()) : view.service.replicas;
}

/// How often the task of one place has failed, of the place where that was most often.
std::size_t failures(const ServiceView& view, const Wanted& wanted) {
  std::map<std::string, std::size_t> by_place;
  std::size_t most = 0;
  for (const docker::Task& task : view.tasks) {
    if (has_failed(task) && is_as_asked(task.labels, wanted)) most = std::max(most, ++by_place[place_of(task)]);
  }
  return most;
}

bool is_never_made_again(const ServiceView& view) {
  return view.service.spec.find("\"Condition\":\"none\"") != std::string::npos;
}

void fail_with(Verdict& verdict, std::string reason, const docker::Task* task, const NodeNames& nodes) {
  verdict.kind = Verdict::Kind::failed;
  verdict.reason = std::move(reason);
  if (task != nullptr) verdict.reason += "; " + words_of(*task, nodes);
}

}  // namespace

bool is_as_asked(const docker::Labels& labels, const Wanted& wanted) {
  return label_of(labels, label::spec_hash) == wanted.spec_hash &&
         label_of(labels, label::generation) == std::to_string(wanted.generation);
}

bool is_stuck(const docker::Service& service) {
  return service.update.state == State::paused || service.update.state == State::rollback_paused;
}

bool was_asked(const ServiceView& view, const Wanted& wanted, std::int64_t rollout) {
  const auto by_us = [&](const docker::Labels& labels) {
    return is_as_asked(labels, wanted) && label_of(labels, label::rollout) == std::to_string(rollout);
  };
  if (is_as_asked(view.service.labels, wanted)) return by_us(view.service.labels) || !is_stuck(view.service);
  return std::any_of(view.tasks.begin(), view.tasks.end(),
                     [&](const docker::Task& task) { return by_us(task.labels); });
}

Verdict judge(const ServiceView& view, const Wanted& wanted, const NodeNames& nodes) {
  Verdict verdict;
  verdict.service = wanted.service;
  const docker::Service& service = view.service;
  const docker::Task* failed = newest(view, wanted, has_failed);
  if (failed != nullptr) verdict.failed_task = failed->id;
  count(verdict, view, wanted);
  const std::string name = "service " + wanted.service;
  const std::string said = service.update.message.empty() ? std::string() : ": " + printable(service.update.message);
  const bool back = service.update.state == State::rollback_started || service.update.state == State::rollback_paused ||
                    service.update.state == State::rollback_completed;
  if (!is_as_asked(service.labels, wanted)) {
    const std::string why = back ? ": the swarm has rolled it back" + said : ": somebody has changed it meanwhile";
    fail_with(verdict, name + why, failed, nodes);
    return verdict;
  }
  if (is_stuck(service)) {
    fail_with(verdict, name + ": the swarm has paused its update" + said, failed, nodes);
    return verdict;
  }
  verdict.reason =
      name + ": " + std::to_string(verdict.running) + " of " + std::to_string(verdict.wanted) + " tasks run";
  if (failed != nullptr) verdict.reason += "; " + words_of(*failed, nodes);
  if (failed == nullptr) {
    const docker::Task* waits = newest(view, wanted, [](const docker::Task& task) {
      return task.desired_state == "running" && task.state != "running";
    });
    if (waits != nullptr) verdict.reason += "; " + words_of(*waits, nodes);
  }
  if (service.update.state == State::updating || service.update.state == State::rollback_started) return verdict;
  if (verdict.wanted > 0 && verdict.running >= verdict.wanted) {
    verdict.kind = Verdict::Kind::settled;
    verdict.reason.clear();
    return verdict;
  }
  const std::size_t times = failures(view, wanted);
  if (times >= most_failures || (times > 0 && is_never_made_again(view))) verdict.kind = Verdict::Kind::failed;
  return verdict;
}

}  // namespace slipway::rollouts::swarm
