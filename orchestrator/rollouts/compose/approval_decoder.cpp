#include "orchestrator/rollouts/compose/approval_decoder.hpp"

#include <algorithm>

namespace slipway::rollouts {
namespace {

constexpr std::int64_t most_approvals = 10;
constexpr std::chrono::seconds shortest_approval{1};
constexpr std::chrono::days longest_approval{30};

bool is_role(const std::string& name) {
  return !name.empty() && name.size() <= 32 && name.front() >= 'a' && name.front() <= 'z' &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; });
}

}  // namespace

void decode_approval(MapReader& map, Policy& policy, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("approval");
  if (node == nullptr) return;
  ApprovalPolicy approval;
  MapReader entry(*node, "`approval`", diagnostics);
  take_texts(entry, "roles", approval.roles, diagnostics);
  for (const std::string& role : approval.roles) {
    if (is_role(role)) continue;
    diagnostics.error(entry.at("roles"), "a role's name begins with a letter and is made of a-z, 0-9, '-' and '_'",
                      role, "viewer, maintainer, admin, or a name that tokens are given: slipway token create --role");
  }
  if (approval.roles.empty()) {
    diagnostics.error(node->at, "`approval` needs `roles`", {}, "approval: {roles: [maintainer]}");
  }
  auto count = static_cast<std::int64_t>(approval.count);
  take_integer(entry, "count", 1, most_approvals, count, diagnostics);
  approval.count = static_cast<std::size_t>(count);
  std::optional<Milliseconds> timeout;
  take_duration(entry, "timeout", timeout, diagnostics);
  approval.timeout = timeout.value_or(approval.timeout);
  if (approval.timeout < shortest_approval || approval.timeout > longest_approval) {
    diagnostics.error(entry.at("timeout"), "`timeout` of an approval is from 1s to 30d");
  }
  take_flag(entry, "by_another", approval.by_another, diagnostics);
  entry.finish();
  policy.approval = std::move(approval);
}

}  // namespace slipway::rollouts
