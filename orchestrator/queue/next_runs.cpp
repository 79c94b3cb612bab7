#include "orchestrator/queue/next_runs.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

namespace slipway::queue {

namespace {

using store::Run;
using store::RunState;

/// Runs of which a newer one may replace the older, oldest first; most often a single run. Those that are idle are not
/// among `running` and `preparing`.
struct Group {
  ProjectId project;
  std::vector<RunId> running{};
  std::vector<RunId> preparing{};
  bool undecided = false;  // one prepares, and nobody knows yet whether its pipeline wants its event
  std::vector<RunId> queued{};

  /// Whether `id`, if it is wanted, works only when all of the group that has begun has ended.
  [[nodiscard]] bool replaces_all(RunId id) const {
    const auto older = [id](RunId begun) { return begun <= id; };
    return std::ranges::all_of(running, older) && std::ranges::all_of(preparing, older);
  }

  /// One that prepares and replaces all has the place of those. An older one than what runs needs its own: that has
  /// begun before the project superseded, and replaced nothing.
  [[nodiscard]] std::size_t places() const {
    const auto beside = [this](RunId id) { return !running.empty() && id < running.back(); };
    const auto own = static_cast<std::size_t>(std::ranges::count_if(preparing, beside));
    return std::max<std::size_t>(running.size() + own, preparing.empty() ? 0 : 1);
  }
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
    if (run.state == RunState::running) group.running.push_back(run.id);
    if (run.state != RunState::preparing) continue;
    group.preparing.push_back(run.id);
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
    if (group.places() > 0 && group.replaces_all(group.queued.back())) {
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
