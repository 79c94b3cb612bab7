#include "orchestrator/queue/next_runs.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

namespace slipway::queue {

namespace {

using store::Run;
using store::RunState;

/// Runs of which a newer one may replace the older, oldest first; most often a single run.
struct Group {
  ProjectId project;
  std::size_t running = 0;
  bool preparing = false;
  bool undecided = false;  // one prepares, and nobody knows yet whether its pipeline wants its event
  std::vector<RunId> queued{};

  [[nodiscard]] std::size_t places() const { return std::max<std::size_t>(running, preparing ? 1 : 0); }
};

struct Line {
  std::size_t under_way = 0;
  std::size_t most = 0;
  std::map<RunId, RunId> queued;  // of each group by its oldest run, whose turn it is, the newest, which begins
};

ProjectLimits limits_of(const Limits& limits, ProjectId project) {
  const auto own = limits.projects.find(project);
  return own == limits.projects.end() ? ProjectLimits{} : own->second;
}

std::vector<Group> groups_of(const std::vector<Run>& unfinished, const Limits& limits) {
  std::set<RunId> replacing;  // they are known to be wanted
  for (const Run& run : unfinished) replacing.insert(run.superseded_by);
  std::vector<Group> groups;
  std::map<std::tuple<ProjectId, std::string, RunId>, std::size_t> places;
  for (const Run& run : unfinished) {
    const bool alone = run.supersede_key.empty() || !limits_of(limits, run.project).supersede;
    const std::tuple key(run.project, alone ? std::string() : run.supersede_key, alone ? run.id : RunId());
    const auto [place, fresh] = places.emplace(key, groups.size());
    if (fresh) groups.push_back(Group{.project = run.project});
    Group& group = groups[place->second];
    if (run.state == RunState::queued) group.queued.push_back(run.id);
    if (limits.idle.contains(run.id)) continue;
    if (run.state == RunState::running) ++group.running;
    if (run.state != RunState::preparing) continue;
    group.preparing = true;
    group.undecided = group.undecided || !replacing.contains(run.id);
  }
  return groups;
}

/// The line whose turn it is; null when none may start one.
Line* next_line(std::map<ProjectId, Line>& lines) {
  Line* best = nullptr;
  for (auto& [project, line] : lines) {
    if (line.queued.empty() || line.under_way >= line.most) continue;
    const auto turn = [](const Line& l) { return std::pair(l.under_way, l.queued.begin()->first); };
    if (!best || turn(line) < turn(*best)) best = &line;
  }
  return best;
}

}  // namespace

std::vector<RunId> next_runs(const std::vector<Run>& unfinished, const Limits& limits) {
  std::vector<RunId> start;
  std::map<ProjectId, Line> lines;
  std::size_t under_way = 0;
  for (const Group& group : groups_of(unfinished, limits)) {
    Line& line = lines[group.project];
    const std::size_t own = limits_of(limits, group.project).max_runs;
    line.most = own == 0 ? limits.max_runs : own;
    line.under_way += group.places();
    under_way += group.places();
    if (group.queued.empty() || group.undecided) continue;
    if (group.places() > 0) {
      start.push_back(group.queued.back());
    } else {
      line.queued.emplace(group.queued.front(), group.queued.back());
    }
  }
  while (under_way < limits.max_runs) {
    Line* line = next_line(lines);
    if (!line) break;
    start.push_back(line->queued.begin()->second);
    line->queued.erase(line->queued.begin());
    ++line->under_way;
    ++under_way;
  }
  return start;
}

}  // namespace slipway::queue
