#include "pipelines/job_graph.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace slipway::pipelines {

JobGraph::JobGraph(const std::vector<JobRecipe>& jobs) : needs_(jobs.size()) {
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < jobs.size(); ++i) places.emplace(jobs[i].name, i);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    for (const std::string& need : jobs[i].needs) {
      if (const auto found = places.find(need); found != places.end()) needs_[i].push_back(found->second);
    }
  }
}

std::vector<std::size_t> JobGraph::ancestors(std::size_t job) const {
  std::vector<bool> seen(needs_.size(), false);
  std::vector<std::size_t> found;
  std::vector<std::size_t> open{job};
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    for (const std::size_t need : needs_[at]) {
      if (seen[need]) continue;
      seen[need] = true;
      found.push_back(need);
      open.push_back(need);
    }
  }
  return found;
}

std::vector<std::size_t> JobGraph::find_cycle() const {
  enum class Mark : std::uint8_t { fresh, open, done };
  struct Visit {
    std::size_t job;
    std::size_t next = 0;
  };
  std::vector<Mark> marks(needs_.size(), Mark::fresh);
  for (std::size_t start = 0; start < needs_.size(); ++start) {
    std::vector<Visit> path;
    if (marks[start] == Mark::fresh) path.push_back({start});
    while (!path.empty()) {
      Visit& visit = path.back();
      marks[visit.job] = Mark::open;
      if (visit.next == needs_[visit.job].size()) {
        marks[visit.job] = Mark::done;
        path.pop_back();
        continue;
      }
      const std::size_t need = needs_[visit.job][visit.next++];
      if (marks[need] == Mark::fresh) path.push_back({need});
      if (marks[need] != Mark::open) continue;
      std::vector<std::size_t> cycle;
      const auto first = std::find_if(path.begin(), path.end(), [&](const Visit& one) { return one.job == need; });
      std::transform(first, path.end(), std::back_inserter(cycle), [](const Visit& one) { return one.job; });
      cycle.push_back(need);
      return cycle;
    }
  }
  return {};
}

std::vector<std::size_t> JobGraph::order() const {
  std::vector<std::size_t> missing(needs_.size());
  std::vector<std::vector<std::size_t>> needed_by(needs_.size());
  std::set<std::size_t> ready;  // by place in the file
  for (std::size_t i = 0; i < needs_.size(); ++i) {
    missing[i] = needs_[i].size();
    for (const std::size_t need : needs_[i]) needed_by[need].push_back(i);
    if (missing[i] == 0) ready.insert(i);
  }
  std::vector<std::size_t> order;
  while (!ready.empty()) {
    const std::size_t job = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(job);
    for (const std::size_t waiting : needed_by[job]) {
      if (--missing[waiting] == 0) ready.insert(waiting);
    }
  }
  return order;
}

}  // namespace slipway::pipelines
