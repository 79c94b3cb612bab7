#include "orchestrator/rollouts/difference.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace slipway::rollouts {

bool made_for(const Shown& there, const Wanted& wanted) {
  return there.from_compose ? wanted.adopted : there.spec_hash == wanted.spec_hash;
}

Difference difference(const std::vector<Wanted>& wanted, const std::vector<Shown>& shown) {
  std::map<std::string, const Shown*> by_name;
  for (const Shown& one : shown) by_name[one.name] = &one;
  Difference result;
  for (const Wanted& one : wanted) {
    const auto found = by_name.find(one.name);
    if (found == by_name.end()) {
      result.missing.push_back(one);
      continue;
    }
    const Shown& there = *found->second;
    by_name.erase(found);
    if (!made_for(there, one)) {
      result.clashes.push_back(there.name);
    } else if (there.running || (one.completes && there.completed)) {
      result.right.push_back(there);
    } else {
      result.asleep.push_back(there);
    }
  }
  for (const Shown& one : shown) {
    if (by_name.contains(one.name)) (one.running ? result.surplus : result.spent).push_back(one);
  }
  return result;
}

std::vector<Shown> to_prune(const Difference& difference, const std::vector<std::int64_t>& kept_generations) {
  std::vector<Shown> pruned;
  for (const Shown& one : difference.spent) {
    if (one.from_compose && one.generation == 0) continue;  // it was never adopted, so it is not ours to take away
    const bool kept =
        std::find(kept_generations.begin(), kept_generations.end(), one.generation) != kept_generations.end();
    const std::string ending =
        "-" + one.service + "-g" + std::to_string(one.generation) + "-" + std::to_string(one.replica);
    if (!kept || !one.name.ends_with(ending)) pruned.push_back(one);
  }
  return pruned;
}

std::string container_name(const std::string& application, const std::string& service, std::int64_t generation,
                           std::size_t replica) {
  return application + "-" + service + "-g" + std::to_string(generation) + "-" + std::to_string(replica);
}

std::optional<NamedContainer> parse_container_name(std::string_view name, const std::string& application,
                                                   const std::string& service) {
  const std::string begin = application + "-" + service + "-g";
  const auto dash = name.rfind('-');
  if (!name.starts_with(begin) || dash < begin.size()) return {};
  const auto number = [](std::string_view text, auto& into) {
    const char* end = text.data() + text.size();
    const auto [rest, bad] = std::from_chars(text.data(), end, into);
    return bad == std::errc() && rest == end && into > 0;
  };
  NamedContainer named;
  if (!number(name.substr(begin.size(), dash - begin.size()), named.generation)) return {};
  if (!number(name.substr(dash + 1), named.replica)) return {};
  return named;
}

std::string swarm_service_name(const std::string& application, const std::string& service) {
  return application + "_" + service;
}

}  // namespace slipway::rollouts
