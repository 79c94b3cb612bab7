#include "orchestrator/http/page.hpp"

#include <nlohmann/json.hpp>

#include "orchestrator/http/render.hpp"

namespace slipway::http {

Result<PageArguments> page_arguments(const Request& request) {
  const auto limit = request.number_argument("limit", 50, 1, 200);
  if (!limit) return fail(limit.error());
  const auto before = request.number_argument("before", 0, 0, INT64_MAX);
  if (!before) return fail(before.error());
  return PageArguments{static_cast<std::size_t>(*limit), *before};
}

Json render_page(Json items, std::int64_t next) {
  return {{"items", std::move(items)}, {"next", number_or_null(next)}};
}

std::string ProjectNames::of(ProjectId id) {
  if (!id) return {};
  const auto known = known_.find(id);
  if (known != known_.end()) return known->second;
  const Result<store::Project> project = store::Projects(tx_).get(id);
  return known_[id] = project ? project->name : std::string();
}

}  // namespace slipway::http
