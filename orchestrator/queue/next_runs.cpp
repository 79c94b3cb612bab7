#include "orchestrator/queue/next_runs.hpp"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

namespace slipway::queue {

namespace {

using store::Run;
using store::RunState;

struct Line {
  std::size_t under_way = 0;
  std::size_t most = 0;
  std::deque<RunId> queued;  // oldest first
};

ProjectLimits limits_of(const Limits& limits, ProjectId project) {
  const auto own = limits.projects.find(project);
  return own == limits.projects.end() ? ProjectLimits{} : own->second;
}

/// From the newest on: the first one with a key that is past its approval replaces all others.
std::vector<Supersession> superseded(const std::vector<Run>& unfinished, const Limits& limits) {
  std::vector<Supersession> found;
  std::map<std::pair<ProjectId, std::string>, RunId> newest;
  for (auto run = unfinished.rbegin(); run != unfinished.rend(); ++run) {
    if (run->supersede_key.empty() || !limits_of(limits, run->project).supersede) continue;
    const auto key = std::pair(run->project, run->supersede_key);
    const auto newer = newest.find(key);
    if (newer != newest.end()) {
      if (!run->cancel_requested) found.push_back({run->id, newer->second});
    } else if (run->state != RunState::waiting_approval && !run->cancel_requested) {
      newest.emplace(key, run->id);
    }
  }
  std::ranges::reverse(found);
  return found;
}

/// The line whose turn it is; null when none may start one.
Line* next_line(std::map<ProjectId, Line>& lines) {
  Line* best = nullptr;
  for (auto& [project, line] : lines) {
    if (line.queued.empty() || line.under_way >= line.most) continue;
    const auto turn = [](const Line& l) { return std::pair(l.under_way, l.queued.front()); };
    if (!best || turn(line) < turn(*best)) best = &line;
  }
  return best;
}

}  // namespace

Next next_runs(const std::vector<Run>& unfinished, const Limits& limits) {
  Next next;
  next.supersede = superseded(unfinished, limits);
  std::set<RunId> gone;
  for (const Supersession& each : next.supersede) gone.insert(each.older);

  std::map<ProjectId, Line> lines;
  std::size_t under_way = 0;
  for (const Run& run : unfinished) {
    Line& line = lines[run.project];
    const std::size_t own = limits_of(limits, run.project).max_runs;
    line.most = own == 0 ? limits.max_runs : own;
    if (run.state == RunState::queued && !gone.contains(run.id)) line.queued.push_back(run.id);
    if (run.state != RunState::preparing && run.state != RunState::running) continue;
    if (limits.idle.contains(run.id)) continue;
    ++line.under_way;
    ++under_way;
  }
  while (under_way < limits.max_runs) {
    Line* line = next_line(lines);
    if (!line) break;
    next.start.push_back(line->queued.front());
    line->queued.pop_front();
    ++line->under_way;
    ++under_way;
  }
  return next;
}

}  // namespace slipway::queue
