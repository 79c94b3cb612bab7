#include "orchestrator/rollouts/target.hpp"

#include <algorithm>
#include <set>

namespace slipway::rollouts {

const Service* Target::service(const std::string& name) const {
  const auto found = std::find_if(application.services.begin(), application.services.end(),
                                  [&](const Service& one) { return one.name == name; });
  return found == application.services.end() ? nullptr : &*found;
}

bool Target::is_for(const std::string& host) const {
  return spec.number == 0 || std::find(spec.hosts.begin(), spec.hosts.end(), host) != spec.hosts.end();
}

std::vector<const Service*> in_start_order(const Application& application) {
  std::vector<const Service*> order;
  std::set<std::string> placed;
  while (order.size() < application.services.size()) {
    const std::size_t before = order.size();
    for (const Service& service : application.services) {
      if (placed.contains(service.name)) continue;
      const bool ready = std::all_of(service.depends_on.begin(), service.depends_on.end(),
                                     [&](const Dependency& on) { return placed.contains(on.service); });
      if (!ready) continue;
      placed.insert(service.name);
      order.push_back(&service);
    }
    if (order.size() == before) break;
  }
  return order;
}

}  // namespace slipway::rollouts
