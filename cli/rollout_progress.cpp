#include "cli/rollout_progress.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/output.hpp"

namespace slipway::cli {
namespace {

/// Where everything begins is no news, and the lease is the daemon's own affair.
bool is_telling(const std::string& what) {
  return what != "queued" && what != "leased" && what != "pending";
}

std::string line_of(const Json& entry, std::int64_t rollout) {
  const std::string host = text_at(entry, "host");
  const std::string who = text_at(entry, "who");
  std::string detail = text_at(entry, "detail");
  detail.resize(std::min(detail.find('\n'), detail.size()));  // the last words of a container follow
  return (host.empty() ? fmt::format("rollout {}: ", rollout) : "host " + harmless(host) + ": ") +
         harmless(text_at(entry, "what")) + (who.empty() ? "" : " by " + harmless(who)) +
         (detail.empty() ? "" : " (" + harmless(detail) + ")");
}

}  // namespace

std::vector<std::string> RolloutProgress::news(const Json& audit) {
  const Json& rollout = value_at(audit, "rollout");
  const std::string end = text_at(rollout, "ended_at").empty() ? std::string() : text_at(rollout, "state");
  std::vector<std::string> lines;
  for (const Json& entry : value_at(audit, "entries")) {
    const std::string what = text_at(entry, "what");
    const bool is_end = text_at(entry, "host").empty() && text_at(entry, "who").empty() && what == end;
    if (!told_.insert(dump_json(entry)).second || !is_telling(what) || is_end) continue;
    lines.push_back(line_of(entry, number_at(rollout, "id")));
  }
  return lines;
}

}  // namespace slipway::cli
