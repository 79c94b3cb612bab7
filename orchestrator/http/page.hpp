#pragma once
#include <map>
#include <string>

#include "orchestrator/http/message.hpp"
#include "orchestrator/store/projects.hpp"

namespace slipway::http {

struct PageArguments {
  std::size_t limit = 50;
  std::int64_t before = 0;
};
/// `limit` (1 to 200, 50 if absent) and `before`.
Result<PageArguments> page_arguments(const Request& request);

/// `{items, next}`; 0 becomes null.
Json render_page(Json items, std::int64_t next);

/// Names of projects by id, each looked up once within one transaction; also of removed ones.
class ProjectNames {
 public:
  explicit ProjectNames(store::Transaction& tx) : tx_(tx) {}
  /// Empty for an id that names nothing.
  std::string of(ProjectId id);

 private:
  store::Transaction& tx_;
  std::map<ProjectId, std::string> known_;
};

}  // namespace slipway::http
